import { lookUp } from '../../look-up.ts';
import { given } from './follow.ts';
import { Forbidden, judgeRole } from './judge.ts';
import { type Log, MAX_UNJUDGED, type Unjudged } from './log.ts';

/** What who brought this device in says of the conversation as it was then. */
export type Vouching = { logHead: string; owners: readonly string[]; admins: readonly string[] };

/**
 * Takes over the roles that were told, and then goes once more through what has happened since. `forbidden`: what nobody
 * should have done; it was taken because nothing was known, and the server let it pass. Undefined when these roles are not
 * the ones that are waited for.
 */
export function vouch(
  log: Log,
  told: Vouching,
): { log: Log; forbidden: { by: string; why: string }[] } | undefined {
  if (log.unvouched?.logHead !== told.logHead) return undefined;
  const { since } = log.unvouched;
  if (since.length > MAX_UNJUDGED) return undefined;
  // who was there then may have left since, and acted before
  const people = new Set([...Object.keys(log.roles), ...since.map(({ from }) => from)]);
  let roles = {
    ...given([...people], 'member'),
    ...given(told.admins, 'admin'),
    ...given(told.owners, 'owner'),
  };
  const forbidden = since.flatMap((operation) => {
    const why = judged(log.kind, roles, operation);
    if (operation.role) roles = { ...roles, ...given(operation.targets, operation.role) };
    if (operation.type === 'group_member_add') roles = { ...roles, ...given(operation.targets, 'member') };
    return why === undefined ? [] : [{ by: operation.from, why }];
  });
  const present = Object.keys(log.roles).map((user) => [user, lookUp(roles, user) ?? 'member'] as const);
  const { unvouched: _, ...rest } = log;
  return { log: { ...rest, roles: Object.fromEntries(present) }, forbidden };
}

function judged(kind: Log['kind'], roles: Log['roles'], operation: Unjudged): string | undefined {
  try {
    judgeRole(kind, roles, operation);
    return undefined;
  } catch (error) {
    if (error instanceof Forbidden) return error.message;
    throw error;
  }
}

import { lookUp } from '../../look-up.ts';
import { given } from './follow.ts';
import { Forbidden, judgeRole } from './judge.ts';
import { type Log, MAX_UNJUDGED, type Unjudged } from './log.ts';

/** The state of the conversation, by the account of the device that added this one, at that time. */
export type Vouching = {
  logHead: string;
  owners: readonly string[];
  admins: readonly string[];
  deviceless?: readonly string[];
};

/**
 * Adopts the reported roles, then judges what has happened since. `forbidden`: operations that were not allowed; they were applied
 * because roles were unknown, and the server let them through. Undefined when these are not the roles this device is waiting for.
 */
export function vouch(
  log: Log,
  told: Vouching,
): { log: Log; forbidden: { by: string; why: string }[] } | undefined {
  if (log.unvouched?.logHead !== told.logHead) return undefined;
  const { since } = log.unvouched;
  if (since.length > MAX_UNJUDGED) return undefined;
  // somebody present then may have acted and left since
  const { deviceless = [] } = told;
  const people = new Set([...Object.keys(log.roles), ...deviceless, ...since.map(({ from }) => from)]);
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
  const gone = since.flatMap(({ type, targets }) => (type === 'group_member_remove' ? targets : []));
  const left = deviceless.filter((user) => !gone.includes(user));
  const present = [...Object.keys(log.roles), ...left].map(
    (user) => [user, lookUp(roles, user) ?? 'member'] as const,
  );
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

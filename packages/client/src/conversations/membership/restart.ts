import { lookUp } from '../../look-up.ts';
import { Forbidden, judgeRole, roleMattersOf } from './judge.ts';
import type { Log } from './log.ts';
import type { Operation } from './operation.ts';

/**
 * May this one start the conversation over, for those who take part? Throws `Forbidden`. Returns whether it begins from where we
 * are. It need not: a member can get something into the log that the server takes and nobody can follow, and the log of the server
 * goes on from there. Who may start over may do so from anywhere, with newer keys than ours and with nobody whom we do not know.
 */
export function judgeRestart(before: Log, operation: Operation<'group_create'>): boolean {
  if (!operation.replaces) throw new Forbidden('it begins what has begun');
  if (operation.generation <= before.generation) throw new Forbidden('it starts over what is over');
  if (!before.unvouched) judgeRole(before.kind, before.roles, roleMattersOf(operation));
  if (!operation.members.every((user) => lookUp(before.roles, user)))
    throw new Forbidden('starting over brings somebody in');
  return (
    operation.replaces.generation === before.generation &&
    operation.replaces.epoch === before.epoch &&
    operation.previous_sha256 === before.head
  );
}

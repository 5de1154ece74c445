import { lookUp } from '../../look-up.ts';
import { Forbidden, judgeRole, roleMattersOf } from './judge.ts';
import type { Log } from './log.ts';
import type { Operation } from './operation.ts';

/**
 * Whether this user may restart the conversation, for those who are in it. Throws `Forbidden`. Returns whether the restart continues from
 * our state. It need not: a member can get an operation accepted by the server that no client can follow, and the server's log goes on
 * from there. Whoever may restart may do so from any state, with newer keys than ours and without unknown users.
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

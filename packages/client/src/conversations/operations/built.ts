import { type GroupState, operationBinding } from '@securechat/crypto/e2ee';
import { decodeBase64, encodeBase64, type GroupOperationName } from '@securechat/protocol';
import { SecureChatError } from '../../errors.ts';
import type { Core } from '../core.ts';
import { leavesOf } from '../keys/leaves.ts';
import type { Packages } from '../keys/packages.ts';
import { type Address, deviceOf, type Log, userOf } from '../membership/log.ts';
import type { Unsigned } from '../membership/operation.ts';
import type { Step } from '../step.ts';

/** An operation ready to be signed, and the state it leads to once the server has accepted it. */
export type Built = {
  readonly operation: Unsigned;
  readonly next?: GroupState;
  readonly leaves?: Log['leaves'];
  readonly newName?: string;
};

/** `moot`: nothing left to do. */
export type Build<I> = (core: Core, step: Step, intent: I, id: string) => Promise<Built | 'moot'>;

/** The call is not possible in the conversation's present state or with this user's role; the message says why. Show it. */
export class CannotDo extends SecureChatError {
  override readonly name = 'CannotDo';
  readonly isRetryable = false;
}

/** The fields common to all operations on an existing conversation. */
export function standing<N extends GroupOperationName>(core: Core, step: Step, type: N, id: string) {
  const { log } = step.record;
  return {
    ...{ type, id, conversation_id: step.id, generation: log.generation, epoch: log.epoch },
    ...author(core),
    previous_sha256: log.head,
  };
}

export function author(core: Core) {
  return {
    from: core.own.userId,
    device_id: core.own.deviceId,
    timestamp: Math.floor(core.now() / 1000),
    nonce: encodeBase64(crypto.getRandomValues(new Uint8Array(16))),
  };
}

type CommitFields = Omit<
  Extract<Unsigned, { type: 'group_commit' | 'group_member_add' | 'group_member_remove' }>,
  'commit' | 'welcome'
>;

/** Adds the commit to an operation, and the welcome for the devices it adds. */
export async function withCommit(
  core: Core,
  step: Step,
  fields: CommitFields,
  change: { add: Packages; remove: readonly Address[] },
): Promise<Built> {
  const { commit, welcome, next } = await core.engine.commit(
    await keysNow(step),
    core.own,
    {
      add: Object.values(change.add).map(decodeBase64),
      remove: change.remove.map((address) => ({ userId: userOf(address), deviceId: deviceOf(address) })),
      nowSeconds: Math.floor(core.now() / 1000),
    },
    await operationBinding(fields as Unsigned),
  );
  const material = {
    commit: encodeBase64(commit),
    ...(welcome ? { welcome: encodeBase64(welcome) } : {}),
  };
  const { leaves: before } = step.record.log;
  const held = Object.keys(before).filter((address) => !change.remove.includes(address));
  const leaves = leavesHeldBy(core, next, [...held, ...Object.keys(change.add)]);
  return { operation: { ...fields, ...material } as Unsigned, next, leaves };
}

/**
 * Checks that exactly the intended devices hold the new keys: a device may have signed another device's key package, which would then
 * hold the keys without being listed as a member.
 */
export function leavesHeldBy(core: Core, state: GroupState, addresses: readonly Address[]): Log['leaves'] {
  const leaves = leavesOf(core, state);
  const meant = new Set(addresses);
  const isMeant =
    Object.keys(leaves).length === meant.size && Object.keys(leaves).every((each) => meant.has(each));
  if (!isMeant) throw new CannotDo('a key package is that of another device');
  return leaves;
}

export async function keysNow(step: Step): Promise<GroupState> {
  const { generation, epoch } = step.record.log;
  const state = await step.keys(generation, epoch);
  if (!state) throw new CannotDo('the keys are lost on this device');
  return state;
}

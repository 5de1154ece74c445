import type { GroupState } from '@securechat/crypto/e2ee';
import { encodeBase64 } from '@securechat/protocol';
import type { Core } from '../core.ts';
import { addressOf, type Log } from '../membership/log.ts';

/** The devices that hold the keys of a state, with their public keys. */
export function leavesOf(core: Pick<Core, 'engine'>, state: GroupState): Log['leaves'] {
  const { leaves } = core.engine.describe(state);
  return Object.fromEntries(
    leaves.map(({ userId, deviceId, publicKey }) => [addressOf(userId, deviceId), encodeBase64(publicKey)]),
  );
}

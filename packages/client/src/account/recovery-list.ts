import { encodeBase64, type SignedDeviceList } from '@securechat/protocol';
import { ServerRefused } from '../errors.ts';
import { recoveredDeviceList } from '../identity/device-list.ts';
import type { AccountKey, DeviceKey } from '../identity/keys.ts';

/** Version, hash, and retries in case another recovery runs at the same time. */
const MAX_TRIES = 6;

/**
 * A recovering user has only the account key, so the server has to say which version comes next and what it follows; it tells only
 * somebody who signed with that key. A lying server forks the list, which everybody who knows the last one detects.
 */
export async function recoveryList(
  owner: { userId: string; key: AccountKey },
  device: DeviceKey,
  send: (list: SignedDeviceList) => Promise<void>,
): Promise<void> {
  let version = 2;
  let previousSha256 = encodeBase64(new Uint8Array(32));
  for (let tries = 1; ; tries++) {
    const previous = { version: version - 1, sha256: previousSha256 };
    try {
      return await send(await recoveredDeviceList(owner, previous, device, Math.floor(Date.now() / 1000)));
    } catch (error) {
      const isTold =
        error instanceof ServerRefused && error.error === 'ACCOUNT_CONFLICT' && tries < MAX_TRIES;
      if (!isTold) throw error;
      const { expected, previous_sha256 } = error.answer;
      if (expected === undefined && previous_sha256 === undefined) throw error;
      version = expected ?? version;
      previousSha256 = previous_sha256 ?? previousSha256;
    }
  }
}

import { type Authenticate, verify } from '@securechat/crypto/e2ee';
import { isSame, type SignedDeviceList } from '@securechat/protocol';
import { AccountKeyChanged, DeviceListRefused, ServerRefused } from '../errors.ts';
import { type CertifiedDevice, readCredential } from '../identity/credential.ts';

/** Whom this device knows: pinned account keys, and the newest device lists that they have signed. */
export interface People {
  /**
   * The newest device list of a user, as far as known; asked for when it is not, or always with `isFresh`. Fails with
   * `AccountKeyChanged` when the server shows another key than the pinned one, until a person has accepted it.
   */
  list(userId: string, options?: { isFresh?: boolean; signal?: AbortSignal }): Promise<SignedDeviceList>;
  isChanged(userId: string): boolean;
  accountKey(userId: string): Uint8Array | undefined;
}

/**
 * For the engine: a leaf is good when the pinned account key of its user has certified it. That the device stands in the
 * newest list is demanded of those that we add ourselves; what others have done may be older than a revocation that we know
 * of already, and refusing it would part us from them.
 */
export function authenticateBy(people: People): Authenticate {
  return async ({ identity, publicKey }) => {
    const device = readCredential(identity);
    if (!device || !isSame(device.publicKey, publicKey)) return undefined;
    const accountKey = await keyOf(people, device);
    const isCertified =
      accountKey !== undefined &&
      isSame(accountKey, device.accountKey) &&
      (await verify(accountKey, device.facts, device.signature));
    return isCertified ? { userId: device.userId, deviceId: device.deviceId } : undefined;
  };
}

/** The pinned one; of somebody who was never seen the one that the server shows, which is pinned then. */
async function keyOf(people: People, { userId }: CertifiedDevice): Promise<Uint8Array | undefined> {
  if (people.accountKey(userId) === undefined) {
    await people.list(userId).catch((error: unknown) => {
      if (!isAnswer(error)) throw error;
    });
  }
  return people.accountKey(userId);
}

/** There is nobody whose key could be pinned. A peer can name anybody in a leaf, and that must not keep the mailbox from going on. */
function isAnswer(error: unknown): boolean {
  if (error instanceof ServerRefused) return !error.isRetryable;
  return error instanceof AccountKeyChanged || error instanceof DeviceListRefused;
}

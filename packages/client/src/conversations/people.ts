import { type Authenticate, verify } from '@securechat/crypto/e2ee';
import { isSame, type SignedDeviceList } from '@securechat/protocol';
import { AccountKeyChanged, DeviceListRefused, ServerRefused } from '../errors.ts';
import { type CertifiedDevice, readCredential } from '../identity/credential.ts';

/** Users known to this device: pinned account keys and the newest device lists they signed. */
export interface People {
  /**
   * The newest known device list of a user; asks the server when there is none, or always with `isFresh`. Rejects with
   * `AccountKeyChanged` while the server's key differs from the pinned one and nobody has accepted it.
   */
  list(userId: string, options?: { isFresh?: boolean; signal?: AbortSignal }): Promise<SignedDeviceList>;
  isChanged(userId: string): boolean;
  accountKey(userId: string): Uint8Array | undefined;
}

/**
 * Authenticates leaves for the MLS engine: one is valid if its user's pinned account key certified it. Being in the newest list is
 * required only of devices we add; others may have acted before a revocation that we already know of, and rejecting them would split us
 * from the group.
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

/** The pinned key; for a user never seen, the one that the server shows, which is then pinned. */
async function keyOf(people: People, { userId }: CertifiedDevice): Promise<Uint8Array | undefined> {
  if (people.accountKey(userId) === undefined) {
    await people.list(userId).catch((error: unknown) => {
      if (!isAnswer(error)) throw error;
    });
  }
  return people.accountKey(userId);
}

/** There is no user whose key could be pinned. A leaf may name anybody, and that must not block the mailbox. */
function isAnswer(error: unknown): boolean {
  if (error instanceof ServerRefused) return !error.isRetryable;
  return error instanceof AccountKeyChanged || error instanceof DeviceListRefused;
}

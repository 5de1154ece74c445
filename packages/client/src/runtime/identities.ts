import type { Account } from '../account/account.ts';
import type { Identity, OwnDevice } from '../api/index.ts';
import { AccountKeyChanged, NotConnected, NotTheSame, SecureChatError } from '../errors.ts';
import type { Pins } from '../identity/pins.ts';
import { identityQr, isIdentityQrOf } from '../identity/qr.ts';
import { type Party, safetyNumber } from '../identity/safety-number.ts';

/** Users' identities, as far as keys can tell. */
export class Identities {
  readonly #pins: Pins;
  readonly #account: Account;

  constructor(pins: Pins, account: Account) {
    this.#pins = pins;
    this.#account = account;
  }

  async of(userId: string): Promise<Identity> {
    if (this.#pins.trust(userId) === 'new') {
      await this.#pins.list(userId);
    } else {
      await this.#pins.list(userId, { isFresh: true }).catch((error: unknown) => {
        // `trust` reports a changed key; and known data can be shown offline
        if (!(error instanceof AccountKeyChanged || isPassing(error))) throw error;
      });
    }
    const [mine, yours] = await this.#parties(userId);
    return {
      userId,
      trust: this.#pins.trust(userId),
      safetyNumber: await safetyNumber(mine, yours),
      qr: identityQr(mine, yours),
      devices: this.#devices(userId),
    };
  }

  async verifyScanned(userId: string, qr: string): Promise<void> {
    const [mine, yours] = await this.#parties(userId);
    if (!isIdentityQrOf(qr, mine, yours))
      throw new NotTheSame(`the keys of ${userId} are not those that were scanned`);
    await this.#pins.markVerified(userId);
  }

  #devices(userId: string): OwnDevice[] {
    const { own } = this.#account;
    const devices = this.#pins.known(userId)?.devices ?? [];
    return devices.map(({ device_id: deviceId, created_at }) => ({
      ...{ deviceId, createdAtMs: created_at * 1000 },
      isThis: userId === own.userId && deviceId === own.deviceId,
    }));
  }

  async #parties(userId: string): Promise<[Party, Party]> {
    const me = this.#account.userId;
    const keyOf = async (user: string): Promise<Party> => {
      if (!this.#pins.accountKey(user)) await this.#pins.list(user);
      return { userId: user, accountKey: this.#pins.keyToCompare(user) ?? new Uint8Array() };
    };
    return [await keyOf(me), await keyOf(userId)];
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof SecureChatError && (error.isRetryable || error instanceof NotConnected);
}

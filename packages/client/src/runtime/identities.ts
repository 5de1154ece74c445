import type { Identity, OwnDevice } from '../api/index.ts';
import { compact } from '../content/shape.ts';
import { AccountKeyChanged, NotConnected, NotTheSame, SecureChatError } from '../errors.ts';
import { identityQr, isIdentityQrOf } from '../identity/qr.ts';
import { type Party, safetyNumber } from '../identity/safety-number.ts';
import { deviceNames } from './device-names.ts';
import type { Runtime } from './runtime.ts';

/** Users' identities, as far as keys can tell. */
export class Identities {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  get #pins() {
    return this.#runtime.pins;
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
      devices: await this.#devices(userId),
    };
  }

  async verifyScanned(userId: string, qr: string): Promise<void> {
    const [mine, yours] = await this.#parties(userId);
    if (!isIdentityQrOf(qr, mine, yours))
      throw new NotTheSame(`the keys of ${userId} are not those that were scanned`);
    await this.#pins.markVerified(userId);
  }

  async #devices(userId: string): Promise<OwnDevice[]> {
    const { own } = this.#runtime.core;
    const isMe = userId === own.userId;
    const names = isMe ? await deviceNames(this.#runtime) : undefined;
    const devices = this.#pins.known(userId)?.devices ?? [];
    return devices.map(({ device_id: deviceId, created_at }) =>
      compact({
        ...{ deviceId, name: names?.get(deviceId)?.name, createdAtMs: created_at * 1000 },
        isThis: isMe && deviceId === own.deviceId,
      }),
    );
  }

  async #parties(userId: string): Promise<[Party, Party]> {
    const me = this.#runtime.core.own.userId;
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

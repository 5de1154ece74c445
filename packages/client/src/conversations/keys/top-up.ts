import { KEY_PACKAGE_SECONDS, sha256, sign } from '@securechat/crypto/e2ee';
import {
  type Downstream,
  decodeBase64,
  encodeBase64,
  keyExchangeTranscript,
  MAX_TIMESTAMP_BEHIND_SECONDS,
} from '@securechat/protocol';
import { fromBytes, toBytes } from '../../storage/json.ts';
import type { Core } from '../core.ts';
import { newId } from '../ids.ts';

/** Single-use key packages to keep at the server. */
const STOCK = 50;
const DAY_MS = 24 * 3_600_000;
/** The last resort is handed out repeatedly, so it is replaced before long. */
const LAST_RESORT_MS = 7 * DAY_MS;
/**
 * From when a key package is last handed out to when its private key may last be needed: the same request gets the same package for a
 * day, an operation made with it is accepted for two, and a Welcome waits in the mailbox for 30.
 */
const WELCOME_MS = DAY_MS + MAX_TIMESTAMP_BEHIND_SECONDS * 1000 + 30 * DAY_MS;
const KEPT_MS = KEY_PACKAGE_SECONDS * 1000 + WELCOME_MS;

/** `uploadedAtMs`: of a last resort, when the server replaced the previous one with it. */
type Kept = {
  bytes: string;
  privateBytes: string;
  isLastResort: boolean;
  madeAtMs: number;
  uploadedAtMs?: number;
};

const keyOf = (reference: string): string => `key-package/${reference}`;

/** Keeps enough key packages of this device at the server for it to be away. */
export class KeyPackageStock {
  readonly #core: Core;
  #running: Promise<void> | undefined;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Asks the server how many there are and uploads the rest. One run at a time; a second call joins it. */
  refill(signal: AbortSignal): Promise<void> {
    this.#running ??= this.#refill(signal).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Whether the server's unsolicited notice says that few are left. */
  isLow(notice: Downstream<'key_count'>): boolean {
    return notice.count < notice.low_water || !notice.last_resort;
  }

  async #refill(signal: AbortSignal): Promise<void> {
    const kept = await this.#dropOld();
    const { count, last_resort } = await this.#core.connection.request('key_count', {}, { signal });
    const newest = Math.max(0, ...kept.map(({ uploadedAtMs = 0 }) => uploadedAtMs));
    if (!last_resort || this.#core.now() - newest > LAST_RESORT_MS) await this.#upload(true, signal);
    for (let have = count; have < STOCK; have += 1) await this.#upload(false, signal);
  }

  /** Stores the private key before the public one leaves the device. */
  async #upload(isLastResort: boolean, signal: AbortSignal): Promise<void> {
    const { engine, own, store, connection } = this.#core;
    const nowMs = this.#core.now();
    const made = await engine.keyPackage(own, {
      lastResort: isLastResort,
      nowSeconds: Math.floor(nowMs / 1000),
    });
    const kept: Kept = {
      bytes: encodeBase64(made.bytes),
      privateBytes: encodeBase64(made.privateBytes),
      isLastResort,
      madeAtMs: nowMs,
    };
    await store.write([{ put: keyOf(made.reference), value: toBytes(kept) }]);
    const key = { key_id: made.reference, public_key: encodeBase64(made.initKey) };
    const keyPackageSha256 = encodeBase64(await sha256(made.bytes));
    const owner = { user_id: own.userId, device_id: own.deviceId };
    const signature = await sign(own.secretKey, keyExchangeTranscript(owner, key, { keyPackageSha256 }));
    await connection.request(
      'key_exchange',
      {
        ...{ id: newId('k_'), key_type: 'prekey', ...key, signature: encodeBase64(signature) },
        ...{ key_package: kept.bytes, last_resort: isLastResort },
      },
      { signal },
    );
    if (!isLastResort) return;
    const uploaded: Kept = { ...kept, uploadedAtMs: this.#core.now() };
    await store.write([{ put: keyOf(made.reference), value: toBytes(uploaded) }]);
  }

  /**
   * Deletes keys that no Welcome can need any more: last resorts soon after their replacement, others after the 90 days in which they can
   * be handed out.
   */
  async #dropOld(): Promise<Kept[]> {
    const { store, now } = this.#core;
    const all = (await store.list('key-package/')).map(
      ([key, bytes]) => [key, fromBytes<Kept>(bytes)] as const,
    );
    const replacedAtMs = ({ isLastResort, madeAtMs, uploadedAtMs = madeAtMs }: Kept): number =>
      Math.min(
        ...all.flatMap(([, next]) =>
          isLastResort && (next.uploadedAtMs ?? 0) > uploadedAtMs ? (next.uploadedAtMs ?? []) : [],
        ),
      );
    const old = all.filter(
      ([, kept]) => now() - kept.madeAtMs > KEPT_MS || now() - replacedAtMs(kept) > WELCOME_MS,
    );
    if (old.length > 0) await store.write(old.map(([key]) => ({ delete: key })));
    return all.filter((each) => !old.includes(each)).map(([, kept]) => kept);
  }
}

/** Finds the private key for a Welcome. `isLastResort`: it may be needed again. */
export async function findKeyPackage(core: Pick<Core, 'store'>, references: readonly string[]) {
  for (const reference of references) {
    const bytes = await core.store.get(keyOf(reference));
    if (!bytes) continue;
    const kept = fromBytes<Kept>(bytes);
    return {
      bytes: decodeBase64(kept.bytes),
      privateBytes: decodeBase64(kept.privateBytes),
      isLastResort: kept.isLastResort,
      key: keyOf(reference),
    };
  }
  return undefined;
}

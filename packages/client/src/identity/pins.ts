import type { DeviceRef } from '@securechat/crypto/e2ee';
import {
  credentialIdentity,
  type Downstream,
  decodeBase64,
  encodeBase64,
  isSame,
  type SignedDeviceList,
} from '@securechat/protocol';
import { abortable } from '../clock.ts';
import type { Connection } from '../connection/connection.ts';
import { AccountKeyChanged, DeviceListRefused } from '../errors.ts';
import { Emitter, type Listener } from '../events.ts';
import type { Store } from '../storage/store.ts';
import { follows, verifyDeviceList } from './verify-device-list.ts';

/** `new`: never seen. `changed`: the server shows a different account key than the pinned one. */
export type Trust = 'new' | 'pinned' | 'verified' | 'changed';

/** What is known about a user. The pinned account key is that of `list`. */
type Pin = {
  readonly list: SignedDeviceList;
  /** A person has compared the safety number. */
  readonly isVerified: boolean;
  /** A list signed by a different account key; no effect until a person accepts it. */
  readonly changedTo?: SignedDeviceList;
};

export type PinEvents = {
  /** A user was seen for the first time, or their device list changed. */
  devices: { userId: string; list: SignedDeviceList; isNew: boolean };
  /** Nothing is sent to this user before `acceptKeyChange`. */
  keyChange: { userId: string; pinnedKey: Uint8Array; shownKey: Uint8Array; wasVerified: boolean };
};

export type PinParts = { store: Store; connection: Pick<Connection, 'request'> };

const PREFIX = 'pins/';
const utf8 = new TextEncoder();
const text = new TextDecoder();

/** Account keys, pinned when first seen, and the newest device lists they signed. */
export class Pins {
  readonly #parts: PinParts;
  readonly #pins = new Map<string, Pin>();
  /** By the identity in the device's credential: certified, so no device can pose as another. */
  readonly #owners = new Map<string, DeviceRef & { publicKey: Uint8Array }>();
  readonly #asked = new Map<string, Promise<SignedDeviceList>>();
  readonly #events = new Emitter<PinEvents>();

  private constructor(parts: PinParts) {
    this.#parts = parts;
  }

  /** Keeps all of them in memory: about 1 KB per known user. */
  static async open(parts: PinParts): Promise<Pins> {
    const pins = new Pins(parts);
    for (const [key, value] of await parts.store.list(PREFIX))
      pins.#remember(key.slice(PREFIX.length), JSON.parse(text.decode(value)) as Pin);
    return pins;
  }

  on<K extends keyof PinEvents>(name: K, listener: Listener<PinEvents[K]>): () => void {
    return this.#events.on(name, listener);
  }

  trust(userId: string): Trust {
    const pin = this.#pins.get(userId);
    if (!pin) return 'new';
    if (pin.changedTo) return 'changed';
    return pin.isVerified ? 'verified' : 'pinned';
  }

  isChanged(userId: string): boolean {
    return this.trust(userId) === 'changed';
  }

  /** The pinned key, also after a key change. */
  accountKey(userId: string): Uint8Array | undefined {
    const pin = this.#pins.get(userId);
    return pin && decodeBase64(pin.list.account_key);
  }

  /** The key to compare aloud: the pinned one; after a key change, the new one that a person may accept. */
  keyToCompare(userId: string): Uint8Array | undefined {
    const pin = this.#pins.get(userId);
    return pin && decodeBase64((pin.changedTo ?? pin.list).account_key);
  }

  /** The known list, without asking the server. */
  known(userId: string): SignedDeviceList | undefined {
    return this.#pins.get(userId)?.list;
  }

  /** All users about whom something is known, including this one. */
  userIds(): readonly string[] {
    return [...this.#pins.keys()];
  }

  /**
   * The newest device list of a user; asks the server when none is known, or always with `isFresh`. Rejects with `AccountKeyChanged`,
   * with `DeviceListRefused` for what no honest server sends, or as a request does.
   */
  async list(
    userId: string,
    { isFresh = false, signal }: { isFresh?: boolean; signal?: AbortSignal } = {},
  ): Promise<SignedDeviceList> {
    const pin = this.#pins.get(userId);
    if (pin && !isFresh) {
      if (pin.changedTo) throw new AccountKeyChanged(userId);
      return pin.list;
    }
    // callers with the same question join the first
    const asked = this.#asked.get(userId) ?? this.#ask(userId).finally(() => this.#asked.delete(userId));
    this.#asked.set(userId, asked);
    return abortable(asked, signal);
  }

  async #ask(userId: string): Promise<SignedDeviceList> {
    const answer = await this.#parts.connection.request('device_list', { user_id: userId });
    const list = listIn(answer);
    if (list.user_id !== userId) throw new DeviceListRefused('not_theirs', userId);
    await this.take(list);
    return list;
  }

  /** Takes a list from any source: verified, compared with the known one, and kept if newer. Rejects as `list` does. */
  async take(list: SignedDeviceList): Promise<void> {
    const { user_id: userId } = list;
    await verifyDeviceList(list);
    const pin = this.#pins.get(userId);
    if (!pin) return this.#accept(userId, { list, isVerified: false }, true);
    if (pin.list.account_key !== list.account_key) {
      await this.#alarm(userId, pin, list);
      throw new AccountKeyChanged(userId);
    }
    const isNewer = await follows(pin.list, list);
    // another list may have been taken meanwhile
    if (this.#pins.get(userId) !== pin) return this.take(list);
    // the pinned key again: the other one shown meanwhile is worthless unless somebody accepts it
    const { changedTo, ...kept } = pin;
    if (isNewer || changedTo) await this.#accept(userId, { ...kept, list: isNewer ? list : pin.list }, false);
  }

  /** For the MLS engine: the leaf must be a device in its user's newest list, certified by the pinned key. */
  async authenticate(leaf: { identity: Uint8Array; publicKey: Uint8Array }): Promise<DeviceRef | undefined> {
    const owner = this.#owners.get(encodeBase64(leaf.identity));
    return owner && isSame(owner.publicKey, leaf.publicKey) ? owner : undefined;
  }

  /** Records that a person has compared the safety number. */
  async markVerified(userId: string): Promise<void> {
    const pin = this.#pins.get(userId);
    if (!pin) throw new TypeError(`nothing is known of ${userId}`);
    if (pin.changedTo) throw new AccountKeyChanged(userId);
    await this.#keep(userId, { ...pin, isVerified: true });
  }

  /** The only way past a key change: pins the new key, unverified. */
  async acceptKeyChange(userId: string): Promise<void> {
    const list = this.#pins.get(userId)?.changedTo;
    if (list) await this.#accept(userId, { list, isVerified: false }, false);
  }

  /** The key offered to the person stays the same until they decide: a third one raises an alarm but does not replace it. */
  async #alarm(userId: string, pin: Pin, shown: SignedDeviceList): Promise<void> {
    const { changedTo } = pin;
    if (changedTo?.account_key === shown.account_key) {
      const isNewer = await follows(changedTo, shown);
      if (isNewer && this.#pins.get(userId) === pin) await this.#keep(userId, { ...pin, changedTo: shown });
      return;
    }
    if (!changedTo) await this.#keep(userId, { ...pin, changedTo: shown });
    this.#events.emit('keyChange', {
      userId,
      pinnedKey: decodeBase64(pin.list.account_key),
      shownKey: decodeBase64(shown.account_key),
      wasVerified: pin.isVerified,
    });
  }

  async #accept(userId: string, pin: Pin, isNew: boolean): Promise<void> {
    await this.#keep(userId, pin);
    this.#events.emit('devices', { userId, list: pin.list, isNew });
  }

  /** In memory at once, so that nobody acts on the old state; durable when it resolves. */
  async #keep(userId: string, pin: Pin): Promise<void> {
    this.#remember(userId, pin);
    await this.#parts.store.write([{ put: PREFIX + userId, value: utf8.encode(JSON.stringify(pin)) }]);
  }

  #remember(userId: string, pin: Pin): void {
    const before = this.#pins.get(userId)?.list;
    if (before) for (const device of before.devices) this.#owners.delete(identityOf(before, device));
    for (const device of pin.list.devices) {
      const { device_id: deviceId, public_key } = device;
      this.#owners.set(identityOf(pin.list, device), {
        userId,
        deviceId,
        publicKey: decodeBase64(public_key),
      });
    }
    this.#pins.set(userId, pin);
  }
}

function identityOf(list: SignedDeviceList, device: SignedDeviceList['devices'][number]): string {
  return encodeBase64(credentialIdentity(list, device));
}

function listIn({ type: _type, ref: _ref, ...list }: Downstream<'device_list'>): SignedDeviceList {
  return list;
}

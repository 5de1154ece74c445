import { type SigningKey, sha256, signingKeyFromSeed } from '@securechat/crypto/sign';

/** A person's device, with the private half of its key. */
export type Device = {
  readonly id: string;
  /** Its full address: `alice:phone`. */
  readonly address: string;
  readonly key: SigningKey;
  readonly publicKey: string;
};

export type Person = {
  readonly id: string;
  readonly accountKey: SigningKey;
  readonly devices: readonly Device[];
  /** The device at `index`; throws when there is none. */
  device(index: number): Device;
};

/** Different users have devices of the same name: a device id is unique only per user. */
const DEVICE_NAMES = ['phone', 'laptop', 'tablet', 'desktop', 'watch', 'tv', 'car', 'kiosk', 'lens', 'spare'];

/** The same name always gives the same keys, so that a failing test shows the same bytes in every run. */
export function personNamed(name: string, options: { devices?: number } = {}): Person {
  const count = options.devices ?? 2;
  if (count < 1 || count > DEVICE_NAMES.length) throw new RangeError('a person has 1 to 10 devices');
  const devices = DEVICE_NAMES.slice(0, count).map((id): Device => {
    const key = keyFor(`${name} ${id}`);
    return { id, address: `${name}:${id}`, key, publicKey: key.publicKey.toString('base64') };
  });
  return {
    id: name,
    accountKey: keyFor(`${name} account`),
    devices,
    device(index) {
      const device = devices[index];
      if (!device) throw new RangeError(`${name} has no device ${index}`);
      return device;
    },
  };
}

function keyFor(text: string): SigningKey {
  return signingKeyFromSeed(sha256(Buffer.from(`SecureChat testkit: ${text}`)));
}

export const alice = personNamed('alice');
export const bob = personNamed('bob');
export const charlie = personNamed('charlie');
export const dora = personNamed('dora');

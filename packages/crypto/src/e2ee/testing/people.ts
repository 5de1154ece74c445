import { credentialIdentity, deviceCertTranscript, encodeBase64 } from '@securechat/protocol';
import { generateKeyPair, sign } from '../ed25519.ts';
import type { Authenticate, DeviceRef, OwnDevice } from '../engine.ts';

/** Users with accounts and certified devices, and an authenticator that knows them. */
export class People {
  readonly #known = new Map<string, DeviceRef>();

  /** A device of a new account; known unless `isKnown` is false. */
  async device(userId: string, deviceId: string, isKnown = true): Promise<OwnDevice> {
    return this.certify(userId, deviceId, await generateKeyPair(), isKnown);
  }

  /** Registers a key as a device's. */
  async certify(
    userId: string,
    deviceId: string,
    { publicKey, secretKey }: Pick<OwnDevice, 'publicKey' | 'secretKey'>,
    isKnown = true,
  ): Promise<OwnDevice> {
    const account = await generateKeyPair();
    const list = { user_id: userId, account_key: encodeBase64(account.publicKey) };
    const facts = {
      device_id: deviceId,
      public_key: encodeBase64(publicKey),
      created_at: 1_800_000_000,
    };
    const certificate = deviceCertTranscript(list, { ...facts, signature: '' });
    const signature = encodeBase64(await sign(account.secretKey, certificate));
    const identity = credentialIdentity(list, { ...facts, signature });
    const own = { userId, deviceId, publicKey, secretKey, identity };
    if (isKnown) this.#known.set(nameOf(own), { userId, deviceId });
    return own;
  }

  readonly authenticate: Authenticate = async (leaf) => this.#known.get(nameOf(leaf));
}

const nameOf = ({ identity, publicKey }: { identity: Uint8Array; publicKey: Uint8Array }): string =>
  `${encodeBase64(identity)} ${encodeBase64(publicKey)}`;

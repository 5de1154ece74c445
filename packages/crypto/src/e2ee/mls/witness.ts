import { encodeBase64 } from '@securechat/protocol';
import type { AuthenticationService } from 'ts-mls/authenticationService.js';
import type { Credential } from 'ts-mls/credential.js';
import { isSoundEd25519Key } from '../../curve25519-points.ts';
import type { Authenticate, DeviceRef } from '../engine.ts';

/** The library asks it about every new leaf; it remembers the answers of one call. */
export class Witness implements AuthenticationService {
  /** An error thrown while asking: not the peer's fault, so it must not look like one. */
  failure: { error: unknown } | undefined;
  hasRefused = false;
  readonly #authenticate: Authenticate;
  readonly #seen = new Map<string, DeviceRef>();

  constructor(authenticate: Authenticate) {
    this.#authenticate = authenticate;
  }

  async validateCredential(credential: Credential, publicKey: Uint8Array): Promise<boolean> {
    const device = await this.#ask(credential, publicKey);
    if (device === undefined) this.hasRefused = true;
    else this.#seen.set(encodeBase64(publicKey), device);
    return device !== undefined;
  }

  async #ask(credential: Credential, publicKey: Uint8Array): Promise<DeviceRef | undefined> {
    if (credential.credentialType !== 'basic' || !('identity' in credential)) return undefined;
    if (!isSoundEd25519Key(publicKey)) return undefined;
    const leaf = { identity: credential.identity.slice(), publicKey: publicKey.slice() };
    try {
      return await this.#authenticate(leaf);
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }

  /** The device of that key, if authenticated in this call. */
  deviceOf(publicKey: Uint8Array): DeviceRef | undefined {
    return this.#seen.get(encodeBase64(publicKey));
  }
}

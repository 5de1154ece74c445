import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Pool } from 'pg';
import { findApiKey } from '../store/api-key-store.ts';
import { allScopes, isScope, type Scope } from './scopes.ts';

/** A caller of the admin API. */
export type Caller = {
  /** The id of its key; undefined for the admin token. */
  keyId: string | undefined;
  scopes: ReadonlySet<Scope>;
  /** The credential it presented; repeatable codes are derived from it and need not be stored. */
  secret: string;
};

const ID_BYTES = 8;
const SECRET_BYTES = 32;
const KEY = /^sck_([0-9a-f]{16})_[A-Za-z0-9_-]{43}$/;

/** A new key: `sck_`, its id, and a secret of 256 random bits. */
export function createApiKey(): { id: string; key: string } {
  const id = randomBytes(ID_BYTES).toString('hex');
  return { id, key: `sck_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}` };
}

/** A key is random enough that its plain hash cannot be inverted. */
export const hashOfKey = (key: string): Buffer => createHash('sha256').update(key).digest();

/** Resolves with the owner of this credential, or undefined: unknown, wrong, expired and revoked are indistinguishable. */
export function createCallers(
  pool: Pool,
  adminToken: string,
): (bearer: string) => Promise<Caller | undefined> {
  const expected = hashOfKey(adminToken);

  return async (bearer) => {
    const given = hashOfKey(bearer);
    // the hashes have equal length, and the comparison takes constant time
    if (timingSafeEqual(given, expected))
      return { keyId: undefined, scopes: new Set(allScopes), secret: bearer };
    const id = KEY.exec(bearer)?.[1];
    const found = id === undefined ? undefined : await findApiKey(pool, id);
    if (!found || !timingSafeEqual(given, found.key_sha256) || !found.is_good) return undefined;
    return { keyId: found.id, scopes: new Set(found.scopes.filter(isScope)), secret: bearer };
  };
}

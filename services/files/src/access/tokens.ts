import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@securechat/kernel';
import type { FileAccess } from '@securechat/protocol';
import type { TokenKeys } from './token-keys.ts';

/** The session that a token was made for, which had proved that it is this device. */
export type Bearer = { user: number; device: number; user_id: string };

/** Long enough for the slowest chunk; a client with a session gets a new one at any time. */
const VALID_SECONDS = 15 * 60;
const MAX_TOKEN_LENGTH = 400;

export type Tokens = {
  issue(bearer: Bearer): Promise<FileAccess>;
  /** Undefined for a token that is not ours or no longer valid. Whether the device is still served is checked elsewhere. */
  open(token: string): Promise<Bearer | undefined>;
};

/**
 * Opens the HTTP interface to a session: who it is and until when, under a MAC (HMAC-SHA-256). Issued only in answers
 * to a logged-in session, and good for nothing but that user's files.
 */
export function createTokens(keys: TokenKeys, clock: Clock, publicUrl: string | undefined): Tokens {
  const macOf = (key: Buffer, body: string): Buffer => createHmac('sha256', key).update(body).digest();

  return {
    async issue({ user, device, user_id }) {
      const { id, key } = await keys.current();
      const expires_at = Math.floor(clock.now() / 1000) + VALID_SECONDS;
      const facts = [id, user, device, user_id, expires_at];
      const body = Buffer.from(JSON.stringify(facts)).toString('base64url');
      const token = `${body}.${macOf(key, body).toString('base64url')}`;
      return { token, expires_at, ...(publicUrl === undefined ? {} : { url: publicUrl }) };
    },

    async open(token) {
      const [body, mac, ...rest] = token.slice(0, MAX_TOKEN_LENGTH + 1).split('.');
      if (!body || !mac || rest.length > 0 || token.length > MAX_TOKEN_LENGTH) return undefined;
      const facts = parse(body);
      const found = facts && (await keys.find(facts.key));
      if (!facts || !found) return undefined;
      const expected = macOf(found.key, body);
      const given = Buffer.from(mac, 'base64url');
      const isGenuine = given.length === expected.length && timingSafeEqual(given, expected);
      if (!isGenuine || facts.expires_at * 1000 <= clock.now()) return undefined;
      return facts.bearer;
    },
  };
}

/** Parsed before the MAC is checked, because it names the key; nothing else is used until then. */
function parse(body: string): { key: number; bearer: Bearer; expires_at: number } | undefined {
  let facts: unknown;
  try {
    facts = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(facts) || facts.length !== 5) return undefined;
  const [key, user, device, user_id, expires_at] = facts as unknown[];
  const numbers = [key, user, device, expires_at];
  if (!numbers.every((value) => Number.isSafeInteger(value)) || typeof user_id !== 'string') return undefined;
  return {
    key: key as number,
    bearer: { user: user as number, device: device as number, user_id },
    expires_at: expires_at as number,
  };
}

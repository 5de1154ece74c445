import { createHmac } from 'node:crypto';
import type { HandlerOptions, Handlers } from './handlers.ts';

/** Enough that no two users share one, and that it does not identify the user. */
const NAME_BYTES = 12;

/**
 * Credentials for this deployment's TURN servers, as in their "TURN REST API": the name starts with its expiry, the
 * password is an HMAC-SHA-1 of the name under the shared secret, and the servers need not be told. The part after the
 * colon is the same for all of a user's credentials, so that a server can apply one quota to them, and reveals
 * nothing about the user.
 */
export function createTurn(options: HandlerOptions): Handlers['turn'] {
  const { turnUrls, turnSecret, turnValidMs, keyLimits, clock } = options;
  return async ({ user }) => {
    if (turnSecret === undefined) return { ok: true, urls: [], username: '', password: '', expires_at: 0 };
    const taken = await keyLimits.take('turnCredentials', [user], 1);
    if (taken.count === 0) {
      const detail = { scope: 'turn_credentials', retry_after_ms: taken.retryAfterMs };
      return { ok: false, error: 'RATE_LIMITED', detail };
    }
    const expires_at = Math.floor((clock.now() + turnValidMs) / 1000);
    const name = hmac('sha256', turnSecret, `user ${user}`).subarray(0, NAME_BYTES).toString('base64url');
    const username = `${expires_at}:${name}`;
    const password = hmac('sha1', turnSecret, username).toString('base64');
    return { ok: true, urls: [...turnUrls], username, password, expires_at };
  };
}

const hmac = (hash: 'sha1' | 'sha256', key: string, text: string): Buffer =>
  createHmac(hash, key).update(text).digest();

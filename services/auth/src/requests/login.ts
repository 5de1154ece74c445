import { timingSafeEqual } from 'node:crypto';
import { issueTicket } from '@securechat/crypto/ticket';
import type { HandlerOptions, Handlers } from './handlers.ts';

/** Matches no device: all zeros is a point of small order, which enrolment refuses. */
const NOBODYS_KEY = Buffer.alloc(32);

/**
 * Is this key an active device of this user? The device has yet to prove to the gateway that it holds the key.
 *
 * Unknown user, unknown device, wrong key and revoked device cost the same query and comparison and get the same
 * bytes, so that a refusal does not reveal who has an account. Postgres takes some 10 µs of 200 longer to find a row
 * than none; this is not evened out.
 */
export function createLogin({
  devices,
  keyLowWater,
  serviceKeys,
  ticketValidMs,
  clock,
}: HandlerOptions): Handlers['login'] {
  return async ({ user_id, device_id, public_key }) => {
    const key = Buffer.from(public_key, 'base64');
    const found = await devices.findDevice(user_id, device_id, key);
    const isSameKey = timingSafeEqual(found?.public_key ?? NOBODYS_KEY, key);
    if (!found?.is_active || !found.stock || !isSameKey) return { ok: false };

    const issued_at = Math.floor(clock.now() / 1000);
    const expires_at = issued_at + Math.floor(ticketValidMs / 1000);
    const { user, device, stock } = found;
    const facts = {
      user_id,
      device_id,
      public_key,
      user_ref: user,
      device_ref: device,
      issued_at,
      expires_at,
    };
    const keys = { ...stock, low_water: keyLowWater };
    return { ok: true, user, device, ticket: issueTicket(serviceKeys.current, facts), expires_at, keys };
  };
}

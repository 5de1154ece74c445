import { timingSafeEqual } from 'node:crypto';
import { issueTicket } from '@securechat/crypto/ticket';
import type { HandlerOptions, Handlers } from './handlers.ts';

/** No device's key: all zeros is a point of small order, which enrolment refuses. */
const NOBODYS_KEY = Buffer.alloc(32);

/**
 * Is this key an active device of this user? The gateway has yet to see the device prove that it holds the key.
 *
 * Unknown user, unknown device, wrong key and revoked device cost the same query and the same comparison and get the
 * same bytes, so that nobody learns from a refusal who has an account. What Postgres takes longer to find a row than
 * to find none, some 10 µs of 200, is not evened out.
 */
export function createLogin({
  devices,
  serviceKey,
  ticketValidMs,
  clock,
}: HandlerOptions): Handlers['login'] {
  return async ({ user_id, device_id, public_key }) => {
    const found = await devices.findDevice(user_id, device_id);
    const isSameKey = timingSafeEqual(found?.public_key ?? NOBODYS_KEY, Buffer.from(public_key, 'base64'));
    if (!found?.is_active || !isSameKey) return { ok: false };

    const issued_at = Math.floor(clock.now() / 1000);
    const expires_at = issued_at + Math.floor(ticketValidMs / 1000);
    const { user, device } = found;
    const facts = {
      user_id,
      device_id,
      public_key,
      user_ref: user,
      device_ref: device,
      issued_at,
      expires_at,
    };
    return { ok: true, user, device, ticket: issueTicket(serviceKey, facts), expires_at };
  };
}

import { createECDH } from 'node:crypto';
import webPush from 'web-push';
import type { Post } from './post.ts';

export type WebPushTarget = { target: string; p256dh: Buffer; auth: Buffer };

/** Always the same, so that its length reveals nothing. The device then fetches its messages. */
const WAKE = Buffer.from('{"type":"wake"}');
/** How long a push service keeps it for an offline device: anything older is fetched when the device comes back. */
const TTL_SECONDS = 24 * 3600;
/** An undelivered wake is replaced by the next one (RFC 8030, 5.4). */
const TOPIC = 'wake';

/** A point of P-256, uncompressed. */
export function vapidPublicKey(privateKey: string): Buffer {
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(Buffer.from(privateKey, 'base64url'));
  return pair.getPublicKey();
}

/** Whether it is a point that can be used to derive a shared secret. */
export function isPublicKey(p256dh: Buffer): boolean {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  try {
    pair.computeSecret(p256dh);
    return true;
  } catch {
    return false;
  }
}

/** Web Push: RFC 8030, encrypted per RFC 8291, authenticated (VAPID) per RFC 8292. UnifiedPush is the same. */
export function createWebPush(parts: { post: Post; privateKey: string; contact: string }) {
  const { post, privateKey, contact } = parts;
  const vapidDetails = {
    subject: contact,
    privateKey,
    publicKey: vapidPublicKey(privateKey).toString('base64url'),
  };
  return async ({ target, p256dh, auth }: WebPushTarget) => {
    const keys = { p256dh: p256dh.toString('base64url'), auth: auth.toString('base64url') };
    const { endpoint, headers, body } = webPush.generateRequestDetails({ endpoint: target, keys }, WAKE, {
      vapidDetails,
      TTL: TTL_SECONDS,
      urgency: 'high',
      topic: TOPIC,
      contentEncoding: 'aes128gcm',
    });
    return await post(endpoint, headers as Record<string, string | number>, body);
  };
}

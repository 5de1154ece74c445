import { createHmac, randomUUID } from 'node:crypto';
import type { Post } from './post.ts';

/** The longest token and what stands around it. */
const BODY_BYTES = 1_100;

/**
 * Asks the operator's own bridge to wake a device by APNs or FCM. Signed as Standard Webhooks has it: id, time and body, so that the bridge
 * can refuse what is old or comes twice.
 */
export function createBridge(parts: { post: Post; url: string; key: string; now: () => number }) {
  const { post, url, key, now } = parts;
  const secret = Buffer.from(key, 'base64');
  return async (token: string) => {
    const body = Buffer.from(JSON.stringify({ type: 'wake', token }).padEnd(BODY_BYTES));
    const id = randomUUID();
    const timestamp = Math.floor(now() / 1000);
    const signature = createHmac('sha256', secret)
      .update(`${id}.${timestamp}.`)
      .update(body)
      .digest('base64');
    return await post(
      url,
      {
        'content-type': 'application/json',
        'content-length': body.length,
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      },
      body,
    );
  };
}

import { randomUUID } from 'node:crypto';
import type { Post } from './post.ts';
import { signedHeaders } from './sign.ts';

/** The longest token plus its envelope: all bodies have the same length. */
const BODY_BYTES = 1_100;

/** Asks the operator's own bridge to wake a device through APNs or FCM. */
export function createBridge(parts: { post: Post; url: string; key: string; now: () => number }) {
  const { post, url, key, now } = parts;
  const secret = Buffer.from(key, 'base64');
  return async (token: string) => {
    const body = Buffer.from(JSON.stringify({ type: 'wake', token }).padEnd(BODY_BYTES));
    return await post(url, signedHeaders({ id: randomUUID(), body, nowMs: now() }, [secret]), body);
  };
}

import { createEndpoints, type Endpoints } from '@securechat/kernel';
import type { Target } from '../store/subscriptions.ts';
import type { Send } from '../wake/wake.ts';
import { createBridge } from './bridge.ts';
import { createPost } from './post.ts';
import { createWebPush } from './web-push.ts';

/** Sends a wake to whatever target a device has subscribed. */
export function createSend(parts: {
  endpoints: Endpoints;
  vapidPrivateKey: string;
  contact: string;
  bridge: { url: string; key: string } | undefined;
  timeoutMs: number;
  now: () => number;
}): Send {
  const { endpoints, vapidPrivateKey: privateKey, contact, bridge, timeoutMs, now } = parts;
  const toWebPush = createWebPush({ post: createPost({ endpoints, timeoutMs, now }), privateKey, contact });
  const toBridge = bridge && createBridge({ ...bridge, post: trustedPost(bridge.url, timeoutMs, now), now });

  return async (target: Target) => {
    if (target.kind === 'web_push') return await toWebPush(target);
    // there was a bridge when the device subscribed, and may be one again
    return (await toBridge?.(target.target)) ?? { kind: 'refused' };
  };
}

/** The operator has named the bridge, so it may have any address. */
function trustedPost(url: string, timeoutMs: number, now: () => number) {
  return createPost({ endpoints: createEndpoints([new URL(url).origin]), timeoutMs, now });
}

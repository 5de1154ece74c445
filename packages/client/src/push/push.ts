import { decodeBase64, encodeBase64, type Upstream } from '@securechat/protocol';
import type { Client } from '../api/index.ts';
import { insidesOf } from '../runtime/insides.ts';

/** From a UnifiedPush distributor, or `PushSubscription.toJSON()`; keys in base64url. */
export type WebPushTarget = { endpoint: string; keys: { p256dh: string; auth: string } };
/** The token by which the operator's bridge to APNs or FCM knows this device. */
export type Bridge = { bridge: string };

export type PushState = {
  /** How the server wakes this device. */
  subscribed: 'nothing' | 'web_push' | 'bridge';
  hasBridge: boolean;
  /** For `applicationServerKey`. */
  vapidPublicKey: Uint8Array<ArrayBuffer>;
};

/** Wakes this device when messages wait for it. A wake carries no content; the app connects and fetches what there is. */
export interface Push {
  /** Whether the connected server offers push; false without a connection. */
  readonly isServed: boolean;
  state(): Promise<PushState>;
  /**
   * Sets where to send wakes; each device has one target. A page passes its service worker registration, after the user has permitted
   * notifications; it is subscribed if it is not yet, or was with another server's key. Call it after each start: a server forgets a
   * target that has failed for long. Rejects with `ServerRefused`, or with the browser's error.
   */
  enable(target: ServiceWorkerRegistration | WebPushTarget | Bridge): Promise<PushState>;
  /** Stops wakes; a page passes its registration, so that the browser unsubscribes too. */
  disable(registration?: ServiceWorkerRegistration): Promise<void>;
}

export function openPush(client: Client): Push {
  const { connection: wire } = insidesOf(client);

  async function ask(target: Pick<Upstream<'push_subscribe'>, 'web_push' | 'bridge'>): Promise<PushState> {
    const answer = await wire.request('push_subscribe', target);
    return {
      subscribed: answer.subscribed,
      hasBridge: answer.has_bridge,
      vapidPublicKey: decodeBase64(answer.vapid_public_key),
    };
  }

  return {
    get isServed() {
      return wire.session?.capabilities.includes('push_notifications') === true;
    },
    state: () => ask({}),
    async enable(target) {
      if ('bridge' in target) return await ask({ bridge: { token: target.bridge } });
      if (!('pushManager' in target)) return await ask({ web_push: onTheWire(target) });
      const { vapidPublicKey } = await ask({});
      return await ask({ web_push: onTheWire(await subscribe(target, vapidPublicKey)) });
    },
    async disable(registration) {
      const subscription = await registration?.pushManager.getSubscription();
      await subscription?.unsubscribe();
      await wire.request('push_unsubscribe', {});
    },
  };
}

/** A browser has one subscription per service worker, valid for one server. */
async function subscribe(
  { pushManager }: ServiceWorkerRegistration,
  applicationServerKey: Uint8Array<ArrayBuffer>,
): Promise<WebPushTarget> {
  const known = await pushManager.getSubscription();
  const { applicationServerKey: knownKey } = known?.options ?? {};
  const isOurs = knownKey && encodeBase64(new Uint8Array(knownKey)) === encodeBase64(applicationServerKey);
  if (known && !isOurs) await known.unsubscribe();
  const subscription =
    known && isOurs ? known : await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  return subscription.toJSON() as WebPushTarget;
}

function onTheWire({ endpoint, keys }: WebPushTarget): NonNullable<Upstream<'push_subscribe'>['web_push']> {
  return { endpoint, p256dh: toBase64(keys.p256dh), auth: toBase64(keys.auth) };
}

/** From base64url, with or without padding, to the protocol's base64. */
function toBase64(text: string): string {
  const plain = text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  return plain.padEnd(Math.ceil(plain.length / 4) * 4, '=');
}

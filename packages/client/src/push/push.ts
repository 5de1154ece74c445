import { decodeBase64, encodeBase64, type Upstream } from '@securechat/protocol';
import type { Client } from '../api/index.ts';
import { insidesOf } from '../runtime/insides.ts';

/** What a distributor of UnifiedPush gives; keys in base64url, as `PushSubscription.toJSON` has them too. */
export type WebPushTarget = { endpoint: string; keys: { p256dh: string; auth: string } };
/** What the operator's bridge to APNs or FCM knows this device by. */
export type Bridge = { bridge: string };

export type PushState = {
  /** How the server wakes this device. */
  subscribed: 'nothing' | 'web_push' | 'bridge';
  hasBridge: boolean;
  /** For `applicationServerKey`. */
  vapidPublicKey: Uint8Array<ArrayBuffer>;
};

/** Waking of this device when messages wait for it. A wake says nothing else; an app connects and fetches what there is. */
export interface Push {
  /** Whether the server of this connection wakes devices; false without a connection. */
  readonly isServed: boolean;
  state(): Promise<PushState>;
  /**
   * From now on wakes go there; one place for each device. A page gives the registration of its service worker, after a person has agreed to
   * notifications; it is subscribed where it is not yet, or was with another server's key. Belongs behind each start: a server may have
   * forgotten a place that did not work for long. Rejects with `ServerRefused`, or with what the browser says.
   */
  enable(target: ServiceWorkerRegistration | WebPushTarget | Bridge): Promise<PushState>;
  /** The server wakes this device no more; a page gives its registration, so that the browser forgets it as well. */
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

/** A browser keeps one subscription for each worker, which is good for one server. */
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

/** base64url, with or without padding, as the protocol has it. */
function toBase64(text: string): string {
  const plain = text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
  return plain.padEnd(Math.ceil(plain.length / 4) * 4, '=');
}

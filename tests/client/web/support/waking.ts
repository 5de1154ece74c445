import { type PushSubscription, until } from '@securechat/testkit';
import type { BrowserContext } from 'playwright-core';

/**
 * Chromium subscribes at its maker's push service, which tests do not reach. In its place pages are told of a subscription at ours: the one
 * thing that is not as in life. What the server sends there is opened there, and handed to the browser's own delivery of pushes.
 */
export function pretendToSubscribe({ endpoint, keys }: Pick<PushSubscription, 'endpoint' | 'keys'>): string {
  function pretend(target: { endpoint: string; keys: { p256dh: string; auth: string } }): void {
    const KEY = 'test: subscribed with';
    const subscriptionOf = (key: readonly number[]) => ({
      options: { applicationServerKey: new Uint8Array(key).buffer },
      toJSON: () => target,
      unsubscribe: async () => localStorage.removeItem(KEY),
    });
    Object.assign(PushManager.prototype, {
      async subscribe({ applicationServerKey }: { applicationServerKey: Uint8Array }) {
        localStorage.setItem(KEY, JSON.stringify([...applicationServerKey]));
        return subscriptionOf([...applicationServerKey]);
      },
      async getSubscription() {
        const key = localStorage.getItem(KEY);
        return key === null ? null : subscriptionOf(JSON.parse(key));
      },
    });
  }
  return `(${pretend})(${JSON.stringify({ endpoint, keys })})`;
}

export type ShownNote = { title: string; body: string; data: string };

/** The browser's side of the worker of the default profile, once there is one. No page of ours is open for it. */
export async function wakerOf(context: BrowserContext, origin: string) {
  const page = await context.newPage();
  // of the same origin, and of nobody
  await page.goto(`${origin}/?profile=nobody`);
  const protocol = await context.newCDPSession(page);
  let registrationId: string | undefined;
  protocol.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    registrationId = registrations.find(
      ({ scopeURL }) => scopeURL === `${origin}/push/default/`,
    )?.registrationId;
  });
  await protocol.send('ServiceWorker.enable');
  await until('the browser tells of the worker', () => registrationId !== undefined);

  return {
    async deliver(data: string): Promise<void> {
      await protocol.send('ServiceWorker.deliverPushMessage', {
        origin,
        registrationId: registrationId ?? '',
        data,
      });
    },
    notes: (): Promise<ShownNote[]> =>
      page.evaluate(async () => {
        const registration = await navigator.serviceWorker.getRegistration('/push/default/');
        const notes = (await registration?.getNotifications()) ?? [];
        return notes.map(({ title, body, data }) => ({ title, body, data }));
      }),
    /** As the browser tells the worker of a click, except that a page cannot be brought to the front by it. */
    async click(data: string): Promise<void> {
      const worker = context.serviceWorkers().find((each) => each.url() === `${origin}/push-worker.js`);
      await worker?.evaluate((hash) => {
        const notification = { data: hash, close() {} };
        dispatchEvent(Object.assign(new Event('notificationclick'), { notification, waitUntil() {} }));
      }, data);
    },
  };
}

// The service worker: only woken by the push service to show what has arrived. It controls no pages and caches nothing.
import { StoreInUse } from '@securechat/client';
import { profileOf } from '../session/profile.ts';
import { type Note, SOMETHING } from './notes.ts';
import { profileOfScope } from './place.ts';
import { wake } from './wake.ts';
import { type OpenPage, worker } from './worker-scope.ts';

/** Browsers end a worker that takes too long for one push: Firefox after 30 s. */
const WAKE_MS = 20_000;

const profile = profileOfScope(worker.registration.scope);

// a new version need not wait: it controls no page
worker.addEventListener('install', (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener('push', (event) => event.waitUntil(tell()));
worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(String(event.notification.data)));
});

/** Shows at least one notification, unless the user sees the page itself. */
async function tell(): Promise<void> {
  const notes = await withinTime();
  const isTabSeen = (await pages()).some(({ visibilityState }) => visibilityState === 'visible');
  if (notes.length === 0 && isTabSeen) return;
  for (const note of notes.length > 0 ? notes : [SOMETHING]) await show(note);
}

async function withinTime(): Promise<readonly Note[]> {
  const late = Promise.withResolvers<readonly Note[]>();
  const timeout = AbortSignal.timeout(WAKE_MS);
  // allows a moment for writing what has arrived
  timeout.addEventListener('abort', () => setTimeout(() => late.resolve([]), 2_000));
  return await Promise.race([late.promise, wake(profile, timeout).catch(giveUp)]);
}

/** A tab that has the store takes what waits. Anything else is reported as an error. */
function giveUp(error: unknown): readonly Note[] {
  if (!(error instanceof StoreInUse)) reportError(error);
  return [];
}

async function show({ title, body, tag, hash }: Note): Promise<void> {
  await worker.registration.showNotification(title, { body, tag, data: hash, icon: 'icon.svg' });
}

async function open(hash: string): Promise<void> {
  const [page] = await pages();
  if (page) {
    page.postMessage({ open: hash });
    await page.focus();
  } else await worker.clients.openWindow(profile === 'default' ? `/${hash}` : `/?profile=${profile}${hash}`);
}

async function pages(): Promise<OpenPage[]> {
  const all = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  return all.filter(({ url }) => profileOf(new URL(url).search) === profile);
}

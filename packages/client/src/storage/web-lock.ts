import { StoreFailed, StoreInUse } from './errors.ts';

/** Takes the named lock immediately or not at all; returns its release. The browser releases it when the tab dies. */
export async function takeWebLock(name: string): Promise<() => Promise<void>> {
  if (!globalThis.navigator?.locks) {
    throw new StoreFailed('this page has no Web Locks: it has to be served over https or from localhost');
  }
  const taken = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const over = navigator.locks.request(name, { mode: 'exclusive', ifAvailable: true }, (lock) => {
    if (!lock) throw new StoreInUse();
    taken.resolve();
    return released.promise;
  });
  // rejects when the lock is taken or the browser refuses
  await Promise.race([taken.promise, over]);
  return async () => {
    released.resolve();
    await over;
  };
}

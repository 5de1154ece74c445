import { StoreFailed, StoreInUse } from './errors.ts';

/** Takes the lock of that name, at once or not at all; returns what gives it back. The browser does when the tab dies. */
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
  // fails when it was not available, or when the browser refuses it
  await Promise.race([taken.promise, over]);
  return async () => {
    released.resolve();
    await over;
  };
}

import { NoAccountHere, SecureChat } from '@securechat/client';
import { catchUp } from '@securechat/client/push';
import { type Door, openDoor } from '../door/opening.ts';
import { offerTakeover } from '../session/takeover.ts';
import { type Note, notesOf } from './notes.ts';
import { wakingLock } from './place.ts';
import { worker } from './worker-scope.ts';

/** Fetches what waits at the server and returns the notifications. Rejects with `StoreInUse` when a tab has the store. */
export function wake(profile: string, signal: AbortSignal): Promise<Note[]> {
  return navigator.locks.request(wakingLock(profile), { signal }, async () => {
    return await look(profile, await openDoor(profile), signal);
  });
}

async function look(profile: string, door: Door, signal: AbortSignal): Promise<Note[]> {
  const asked = new AbortController();
  const closed = Promise.withResolvers<void>();
  const withdraw = offerTakeover(profile, async () => {
    asked.abort();
    await closed.promise;
  });
  try {
    const client = await openClient(door);
    try {
      const stop = AbortSignal.any([signal, asked.signal]);
      return notesOf(client, await catchUp(client, { signal: stop }));
    } finally {
      await client.close();
    }
  } finally {
    closed.resolve();
    withdraw();
  }
}

async function openClient({ config: { server }, store }: Door) {
  try {
    return await SecureChat.open({ store, server });
  } catch (error) {
    await store.close();
    // the account is gone from here: nothing to be woken for
    if (error instanceof NoAccountHere) await worker.registration.unregister();
    throw error;
  }
}

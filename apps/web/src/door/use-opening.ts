import { type Client, type Link, StoreInUse } from '@securechat/client';
import { useEffect, useState } from 'preact/hooks';
import { wakingLock } from '../push/place.ts';
import { unregister } from '../push/registration.ts';
import { askForTakeover, offerTakeover } from '../session/takeover.ts';
import { type Door, openClient, openDoor, resumeLink } from './opening.ts';

/**
 * - `opening`: the store is being opened; left by itself.
 * - `in-use`: another tab has the store; left when the user takes it over here.
 * - `door`: the store is open and holds no account; left by signing up, linking or recovering.
 * - `linking`: as `door`, and an earlier visit began to link this device; left when that ends, or the user gives it up.
 * - `inside`: there is a client, which connects by itself; left when it ends, or another tab takes over.
 * - `moved`: another tab has taken over; left by taking it back.
 * - `ended`: the client will not reconnect; left by deleting the stored data, or by retrying.
 * - `failed`: opening failed; left by retrying.
 */
type Opening =
  | { state: 'opening' | 'in-use' | 'moved' }
  | { state: 'door'; door: Door }
  | { state: 'linking'; door: Door; link: Link }
  | { state: 'inside'; door: Door; client: Client }
  | { state: 'ended'; client: Client; error: Error }
  | { state: 'failed'; error: unknown };

export type OpeningControls = {
  opening: Opening;
  open(): Promise<void>;
  takeOver(): Promise<void>;
  enter(door: Door, client: Client): void;
  stay(door: Door): void;
  fail(door: Door, error: unknown): Promise<void>;
  forget(client: Client): Promise<void>;
};

export function useOpening(profile: string): OpeningControls {
  const [opening, setOpening] = useState<Opening>({ state: 'opening' });
  useEffect(() => void open(), [profile]);
  useEndings(profile, opening, setOpening);

  async function open(): Promise<void> {
    setOpening({ state: 'opening' });
    let door: Door | undefined;
    try {
      door = await openOwnDoor(profile);
      const client = await openClient(profile, door);
      if (client !== undefined) return enter(door, client);
      const link = await resumeLink(door);
      setOpening(link === undefined ? { state: 'door', door } : { state: 'linking', door, link });
    } catch (error) {
      await fail(door, error);
    }
  }

  async function takeOver(): Promise<void> {
    await askForTakeover(profile);
    await open();
  }

  function enter(door: Door, client: Client): void {
    // without this a browser short of space deletes the data without asking
    void navigator.storage.persist();
    client.connect();
    setOpening({ state: 'inside', door, client });
  }

  /** Deletes this browser's data, and starts again. */
  async function forget(client: Client): Promise<void> {
    await client.close();
    await unregister(profile);
    const { store } = await openDoor(profile);
    await store.wipe();
    await open();
  }

  const stay = (door: Door) => setOpening({ state: 'door', door });
  async function fail(door: Door | undefined, error: unknown): Promise<void> {
    // or trying again would find it in use, by this page
    await door?.store.close();
    setOpening(error instanceof StoreInUse ? { state: 'in-use' } : { state: 'failed', error });
  }
  return { opening, open, takeOver, enter, stay, fail, forget };
}

/** A woken worker has the store for seconds, and releases it on request; a tab is asked by its user. */
async function openOwnDoor(profile: string): Promise<Door> {
  try {
    return await openDoor(profile);
  } catch (error) {
    if (!(error instanceof StoreInUse) || !(await isWaking(profile))) throw error;
    await askForTakeover(profile);
    return await openDoor(profile);
  }
}

async function isWaking(profile: string): Promise<boolean> {
  const { held = [] } = await navigator.locks.query();
  return held.some(({ name }) => name === wakingLock(profile));
}

/** Another tab may ask this one to release the store, or the server may end the client. */
function useEndings(profile: string, opening: Opening, setOpening: (next: Opening) => void): void {
  useEffect(() => {
    if (!('door' in opening)) return;
    const { door } = opening;
    const client = opening.state === 'inside' ? opening.client : undefined;
    const withdraw = offerTakeover(profile, async () => {
      setOpening({ state: 'moved' });
      await (client ?? door.store).close();
    });
    const unlisten = client?.on('ended', (error) => setOpening({ state: 'ended', client, error }));
    return () => {
      withdraw();
      unlisten?.();
    };
  }, [profile, opening]);
}

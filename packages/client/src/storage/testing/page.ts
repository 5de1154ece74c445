// Runs in a page: what indexeddb.browser.test.ts calls there.
import { openIndexedDbStore } from '../indexeddb.ts';
import type { Store } from '../store.ts';
import { together } from './together.ts';

let store: Store | undefined;

/** Name of the error that prevented opening. */
async function open(): Promise<string> {
  try {
    store = await openIndexedDbStore('device');
    return 'open';
  } catch (error) {
    return (error as Error).name;
  }
}

async function close(): Promise<void> {
  await store?.close();
}

/** Writes until the page ends; reports each durable write to the test. */
async function writeForEver(told: (round: number) => Promise<void>): Promise<never> {
  for (let round = 1; ; round++) {
    await store?.write(together(round));
    void told(round);
  }
}

/** Name of the error of a write of this many bytes. */
async function write(key: string, length: number): Promise<string> {
  try {
    await store?.write([{ put: key, value: crypto.getRandomValues(new Uint8Array(65_536)) }]);
    const value = new Uint8Array(length).map((_, index) => (index * 2_654_435_761) >>> 13);
    await store?.write([{ put: `${key}/large`, value }]);
    return 'written';
  } catch (error) {
    return (error as Error).name;
  }
}

/** The keys, and the rounds found in the values. */
async function found(): Promise<{ keys: string[]; rounds: number[] }> {
  const entries = (await store?.list('together/')) ?? [];
  const rounds = new Set(entries.flatMap(([, value]) => [...new Uint32Array(value.buffer)]));
  return { keys: entries.map(([key]) => key), rounds: [...rounds] };
}

const inPage = { open, close, writeForEver, write, found };
export type InPage = typeof inPage;
Object.assign(globalThis, { inPage });

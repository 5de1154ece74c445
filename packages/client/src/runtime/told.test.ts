import { expect, test } from '@jest/globals';
import { toldKey } from '../conversations/contents/own.ts';
import type { Core } from '../conversations/core.ts';
import { toBytes } from '../storage/json.ts';
import { openMemoryStore } from '../storage/memory.ts';
import type { Runtime } from './runtime.ts';
import { actOnTold } from './told.ts';

/** A device that was told all this, in this order. */
async function device(...told: object[]) {
  const store = await openMemoryStore();
  await store.write(told.map((each, index) => ({ put: toldKey(`c_own/${index}`), value: toBytes(each) })));
  const alarms: string[] = [];
  const stepped: string[] = [];
  const registry = {
    get: (id: string) => ({ id }),
    step: async (id: string) => {
      stepped.push(id);
      if (id === 'c_broken') throw new Error('the store is broken');
    },
  };
  const tell = { alarm: ({ detail }: { detail: string }) => void alarms.push(detail) };
  const core = { store, registry, tell, own: { userId: 'alice' } } as unknown as Core;
  const runtime = { core } as unknown as Runtime;
  return { runtime, alarms, stepped, left: async () => (await store.list(toldKey(''))).length };
}

const read = (conversationId: string) => ({ tell: 'read', conversationId, place: 1 });

test('all that was told is acted on once, in order, however much it is', async () => {
  const ids = Array.from({ length: 7 }, (_, index) => `c_${index}`);
  const { runtime, stepped, left } = await device(...ids.map(read), { tell: 'of a newer version' });
  await actOnTold(runtime);
  await actOnTold(runtime);
  expect([stepped, await left()]).toEqual([ids, 0]);
});

test('what is malformed raises an alarm, and keeps nothing else from being acted on', async () => {
  const { runtime, alarms, stepped, left } = await device({ tell: 'link', to: 5 }, read('c_1'));
  await actOnTold(runtime);
  expect(alarms).toEqual([expect.stringContaining('an own device has sent what is malformed')]);
  expect([stepped, await left()]).toEqual([['c_1'], 0]);
});

test('what cannot be acted on is not tried again', async () => {
  const { runtime, stepped, left } = await device(read('c_broken'), read('c_1'));
  await expect(actOnTold(runtime)).rejects.toThrow('the store is broken');
  expect(await left()).toBe(1);
  await actOnTold(runtime);
  expect([stepped, await left()]).toEqual([['c_broken', 'c_1'], 0]);
});

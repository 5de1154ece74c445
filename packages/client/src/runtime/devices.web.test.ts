import { expect, test } from '@jest/globals';
import { encodeBase64 } from '@securechat/protocol';
import { toldKey } from '../conversations/contents/own.ts';
import { createAccountKey } from '../identity/keys.ts';
import { toBytes } from '../storage/json.ts';
import { openMemoryStore } from '../storage/memory.ts';
import { Devices } from './devices.ts';
import type { Runtime } from './runtime.ts';

test('a key that is told by an own device is that of the account, or is not kept and is told', async () => {
  const [own, other] = [await createAccountKey(), await createAccountKey()];
  const store = await openMemoryStore();
  const kept: unknown[] = [];
  const alarms: unknown[] = [];
  const work: Promise<unknown>[] = [];
  const runtime = {
    account: { userId: 'alice', accountSecret: undefined },
    pins: { accountKey: () => own.publicKey },
    core: { store, tell: { alarm: ({ type }: { type: string }) => alarms.push(type) } },
    keepAccount: async ({ accountSecret }: { accountSecret: Uint8Array }) => kept.push(accountSecret),
    background: (each: Promise<unknown>) => work.push(each),
  };
  const devices = new Devices(runtime as unknown as Runtime, {} as never);
  for (const { secretKey } of [other, own]) {
    const told = { tell: 'account', accountSecret: encodeBase64(secretKey) };
    await store.write([{ put: toldKey('c_own/1'), value: toBytes(told) }]);
    devices.told();
    await Promise.all(work);
  }
  expect(alarms).toEqual(['bad-signature']);
  expect(kept).toEqual([own.secretKey]);
});

import { beforeEach, describe, expect, test } from '@jest/globals';
import type { SignedDeviceList } from '@securechat/protocol';
import { RequestTimedOut, ServerRefused } from '../errors.ts';
import { firstDeviceList, nextDeviceList } from '../identity/device-list.ts';
import { type AccountKey, createAccountKey, createDeviceKey } from '../identity/keys.ts';
import { Pins } from '../identity/pins.ts';
import { openMemoryStore } from '../storage/memory.ts';
import type { Store } from '../storage/store.ts';
import { KeyLogMonitor } from './monitor.ts';
import { LogServer } from './testing/log-server.ts';

const NOW = 1_795_651_200;
type Person = { userId: string; key: AccountKey; list: SignedDeviceList };

let server: LogServer;
let alice: Person;
let bob: Person;

beforeEach(async () => {
  server = await LogServer.create();
  for (const name of ['zoe', 'yves', 'xenia']) await enrolled(name);
  alice = await enrolled('alice');
  bob = await enrolled('bob');
});

async function person(userId: string): Promise<Person> {
  const owner = { userId, key: await createAccountKey() };
  return { ...owner, list: await firstDeviceList(owner, await createDeviceKey(), NOW) };
}
async function enrolled(userId: string): Promise<Person> {
  const made = await person(userId);
  await server.show(made.list);
  return made;
}
async function next(who: Person): Promise<SignedDeviceList> {
  return nextDeviceList(who, who.list, { added: await createDeviceKey() }, NOW);
}

/** Alice's device, at a server that may differ from Bob's. */
async function watch(at: LogServer, { store, ownId = 'alice' }: { store?: Store; ownId?: string } = {}) {
  const disk = store ?? (await openMemoryStore());
  const pins = await Pins.open({ store: disk, connection: { request: at.request } });
  const alarms: string[] = [];
  const monitor = new KeyLogMonitor({
    ...{ connection: { request: at.request }, store: disk, pins, ownId },
    serviceKeys: async () => [server.key.publicKey],
    signal: new AbortController().signal,
    alarm: (detail, userId) => alarms.push(`${userId ?? 'log'}: ${detail}`),
  });
  return { pins, monitor, alarms, store: disk };
}
/** Alice has met Bob and checked the log. */
async function met(at = server) {
  const device = await watch(at);
  await device.pins.list('bob');
  await device.monitor.check();
  expect(device.alarms).toEqual([]);
  return device;
}

test('of honest people nothing is told, whoever comes, links, takes out and is looked up, also after a restart', async () => {
  const { store, pins, monitor, alarms } = await met();
  for (let round = 0; round < 20; round++) {
    for (const who of [alice, bob]) {
      const gone = who.list.devices.slice(1).map(({ device_id }) => device_id);
      who.list =
        round % 4 === 3 ? await nextDeviceList(who, who.list, { removed: gone }, NOW) : await next(who);
      await server.show(who.list);
    }
    await enrolled(`somebody-${round}`);
    if (round % 5 === 0) await pins.list('bob', { isFresh: true });
    if (round % 3 === 0) await monitor.check();
  }
  await monitor.check();
  expect(pins.known('bob')).toEqual(bob.list);
  const again = await watch(server, { store });
  await again.monitor.check();
  await again.pins.list('somebody-3');
  await again.monitor.check();
  expect([alarms, again.alarms]).toEqual([[], []]);
});

test('what is known already is not asked for again', async () => {
  const { monitor } = await met();
  server.asked.length = 0;
  await monitor.check();
  expect(server.asked).toEqual(['key_log', 'key_log']);
});

describe('a server that', () => {
  test('swaps a key and does not log it is noticed by whom it shows it', async () => {
    server.lists.set('bob', (await person('bob')).list);
    const { pins, monitor, alarms } = await watch(server);
    await pins.list('bob');
    await monitor.check();
    expect(alarms).toEqual(['bob: the list that the server shows is not in the log']);
  });

  test('swaps a key and logs it is noticed by whom the key belongs to, and by all who know the true one', async () => {
    const [own, other] = [await watch(server, { ownId: 'bob' }), await met()];
    await own.monitor.check();
    await server.log((await person('bob')).list);
    await Promise.all([own.monitor.check(), other.monitor.check()]);
    const told = [
      'bob: a list was logged that does not follow from the one before',
      'bob: the server shows an older list than was logged',
    ];
    expect([own.alarms, other.alarms]).toEqual([told, told]);
  });

  test('hides a swap between two true lists is noticed', async () => {
    const { monitor, alarms } = await met();
    await server.log((await person('bob')).list);
    await server.show(await next(bob));
    await monitor.check();
    expect(new Set(alarms)).toEqual(
      new Set(['bob: a list was logged that does not follow from the one before']),
    );
  });

  test('goes on showing a list that has been followed by another is noticed', async () => {
    const { monitor, alarms } = await met();
    await server.log(await next(bob));
    await monitor.check();
    expect(alarms).toEqual(['bob: the server shows an older list than was logged']);
  });

  test('adds a device of whoever has stolen the account key shows it to the owner', async () => {
    const { pins, monitor, alarms } = await met();
    const stolen = await next(alice);
    await server.show(stolen);
    await monitor.check();
    expect([pins.known('alice'), alarms]).toEqual([stolen, []]);
  });

  test('takes back what was logged is noticed', async () => {
    const { monitor, alarms } = await met();
    server.entries.pop();
    await monitor.check();
    expect(alarms).toEqual(['log: it is shorter than it was']);
  });

  test('writes the log anew is noticed, also after a restart', async () => {
    const { store } = await met();
    server.entries.reverse();
    await enrolled('somebody');
    const { monitor, alarms } = await watch(server, { store });
    await monitor.check();
    expect(alarms).toEqual(['log: it is another than it was']);
  });

  test('shows two people different logs is noticed as soon as they speak with each other', async () => {
    const evil = server.fork();
    const [one, two] = [await met(), await met(evil)];
    await enrolled('somebody');
    await evil.show((await person('another')).list);
    await Promise.all([one.monitor.check(), two.monitor.check()]);
    expect([one.alarms, two.alarms]).toEqual([[], []]);
    await one.monitor.compare('bob', two.monitor.told!);
    await two.monitor.compare('bob', one.monitor.told!);
    const told = ['bob: others are shown another one'];
    expect([one.alarms, two.alarms]).toEqual([told, told]);
  });

  test('shows one of them no more of it is noticed as well', async () => {
    const frozen = server.fork();
    const [one, two] = [await met(frozen), await met()];
    await enrolled('somebody');
    await two.monitor.check();
    await one.monitor.compare('bob', two.monitor.told!);
    expect(one.alarms).toEqual(['bob: it is longer for others']);
  });

  test('shows a head of the day before yesterday, as whoever has no key to sign another would, is noticed', async () => {
    const { monitor, alarms } = await met();
    server.now = () => Math.floor(Date.now() / 1000) - 2 * 86_400;
    await monitor.check();
    expect(alarms).toEqual(['log: its head is old']);
  });

  test.each<[string, LogServer['answer'], string]>([
    [
      'shows a head that another has signed',
      (name, answer) =>
        name === 'key_log' ? { ...answer, head: { ...(answer.head as object), created_at: 1 } } : answer,
      'log: its head is not signed by the service',
    ],
    [
      'proves nothing',
      (name, answer) => (name === 'key_log_proof' ? { ...answer, hashes: '' } : answer),
      'log: it does not have the list of bob',
    ],
    [
      'withholds entries',
      (name, answer) => (name === 'key_log' ? { ...answer, entries: '' } : answer),
      'log: entries are withheld',
    ],
  ])('%s is noticed', async (_what, answer, told) => {
    const { pins, monitor, alarms } = await watch(server);
    await monitor.check();
    await pins.list('bob');
    await enrolled('somebody');
    server.answer = answer;
    await monitor.check();
    expect(alarms).toEqual([told]);
  });
});

test('people who were shown the same are told nothing, whoever of them has looked last', async () => {
  const [one, two] = [await met(), await met()];
  await enrolled('somebody');
  await two.monitor.check();
  await one.monitor.compare('bob', two.monitor.told!);
  await enrolled('another');
  await one.monitor.check();
  await one.monitor.compare('bob', two.monitor.told!);
  expect(one.alarms).toEqual([]);
});

test('a server that has no log is told of; one that does not answer is asked again', async () => {
  const { monitor, alarms } = await watch(server);
  const refusal = { type: 'error', code: 1000, error_code: 'UNKNOWN_TYPE', error_message: '' } as const;
  server.answer = () => {
    throw new ServerRefused(refusal);
  };
  await monitor.check();
  expect(alarms).toEqual(['log: the server does not show it']);
  server.answer = () => {
    throw new RequestTimedOut('no answer');
  };
  await expect(monitor.check()).rejects.toThrow(RequestTimedOut);
  server.answer = (_, answer) => answer;
  await monitor.check();
  expect(alarms).toHaveLength(1);
});

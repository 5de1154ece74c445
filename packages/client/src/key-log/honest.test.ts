import { expect, test } from '@jest/globals';
import type { SignedDeviceList } from '@securechat/protocol';
import { firstDeviceList, nextDeviceList } from '../identity/device-list.ts';
import { type AccountKey, createAccountKey, createDeviceKey, type DeviceKey } from '../identity/keys.ts';
import { Pins } from '../identity/pins.ts';
import { openMemoryStore } from '../storage/memory.ts';
import type { Store } from '../storage/store.ts';
import { KeyLogMonitor } from './monitor.ts';
import { LogServer } from './testing/log-server.ts';

const OPERATIONS = 10_000;
const PEOPLE = 50;
/** Changes between two checks of the log. */
const LOOK_EVERY = 500;
/** Each list is signed individually, which is slow on a busy machine. */
const DEADLINE_MS = 600_000;
const NOW = 1_795_651_200;

type Owner = { userId: string; key: AccountKey; list: SignedDeviceList };
type Watcher = { ownId: string; store: Store; pins: Pins; monitor: KeyLogMonitor; alarms: string[] };

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

async function enrol(server: LogServer, userId: string): Promise<Owner> {
  const owner = { userId, key: await createAccountKey() };
  const list = await firstDeviceList(owner, await createDeviceKey(), NOW);
  await server.show(list);
  return { ...owner, list };
}

/** Links a device or revokes it; newcomers are always from this set. */
async function change(server: LogServer, owner: Owner, newcomers: readonly DeviceKey[]): Promise<void> {
  const [, second] = owner.list.devices;
  const changes = second ? { removed: [second.device_id] } : { added: pick(newcomers) };
  owner.list = await nextDeviceList(owner, owner.list, changes, NOW);
  await server.show(owner.list);
}

async function watch(server: LogServer, ownId: string, earlier?: Watcher): Promise<Watcher> {
  const store = earlier?.store ?? (await openMemoryStore());
  const alarms = earlier?.alarms ?? [];
  const pins = await Pins.open({ store, connection: { request: server.request } });
  const monitor = new KeyLogMonitor({
    ...{ connection: { request: server.request }, store, pins, ownId },
    serviceKeys: async () => [server.key.publicKey],
    signal: new AbortController().signal,
    alarm: (detail, userId) => alarms.push(`${userId ?? 'log'}: ${detail}`),
  });
  return { ownId, store, pins, monitor, alarms };
}

/** Meets some users, checks, compares with another watcher, and restarts now and then. */
async function look(server: LogServer, watchers: Watcher[], people: readonly Owner[]): Promise<void> {
  const place = Math.floor(Math.random() * watchers.length);
  const before = watchers[place] as Watcher;
  const watcher = Math.random() < 0.3 ? await watch(server, before.ownId, before) : before;
  watchers[place] = watcher;
  for (let met = 0; met < 5; met++) await watcher.pins.list(pick(people).userId, { isFresh: true });
  await watcher.monitor.check();
  const other = pick(watchers);
  if (other.monitor.told !== undefined) await watcher.monitor.compare(other.ownId, other.monitor.told);
}

test(
  'ten thousand honest operations raise no alarm, and one that is not does',
  async () => {
    const server = await LogServer.create();
    server.pageSize = 1_000;
    server.known = new Map();
    const people: Owner[] = [];
    const newcomers = await Promise.all(Array.from({ length: 20 }, () => createDeviceKey()));
    for (const name of ['alice', 'bob', 'carol']) people.push(await enrol(server, name));
    const watchers = await Promise.all(people.map(({ userId }) => watch(server, userId)));
    for (const { pins, monitor } of watchers) {
      await pins.list('alice');
      await monitor.check();
    }
    while (server.entries.length < OPERATIONS) {
      const isNew = people.length < PEOPLE && Math.random() < 0.1;
      if (isNew) people.push(await enrol(server, `user_${people.length}`));
      else await change(server, pick(people), newcomers);
      if (server.entries.length % LOOK_EVERY === 0) await look(server, watchers, people);
    }
    for (const { monitor } of watchers) await monitor.check();
    expect(watchers.flatMap(({ alarms }) => alarms)).toEqual([]);

    const key = await createAccountKey();
    await server.log(await firstDeviceList({ userId: 'alice', key }, await createDeviceKey(), NOW));
    for (const { monitor } of watchers) await monitor.check();
    for (const { alarms } of watchers)
      expect(alarms).toContain('alice: a list was logged that does not follow from the one before');
  },
  DEADLINE_MS,
);

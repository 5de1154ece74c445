import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  makeGroupCreate,
  openTestRedis,
  type Person,
  personNamed,
  RawClient,
  type TestRedis,
  until,
} from '@securechat/testkit';
import { FarServices } from './testing/far-services.ts';
import { startGateway, type TestGateway } from './testing/gateway.ts';

const CLIENTS = 200;
const DRAIN_MS = 1_000;
/** Per client: some have an answer in flight when the drain starts, some when they are told. */
const SENDS_EVERY_MS = 20;

let store: TestRedis;
let far: FarServices;
let gateway: TestGateway;

beforeAll(async () => {
  store = await openTestRedis();
  far = new FarServices(store.url, store.prefix);
  await far.start();
  gateway = await startGateway({
    REDIS_URL: store.url,
    STREAM_PREFIX: store.prefix,
    GATEWAY_CONNECTIONS_PER_IP: '1000',
    GATEWAY_DRAIN_MS: String(DRAIN_MS),
    GATEWAY_HANDSHAKES_PER_SECOND: '1000',
  });
});
afterAll(async () => {
  await gateway?.stop();
  await far?.stop();
  await store?.close();
});

type Leaver = { client: RawClient; person: Person; sent: string[]; toldAtMs: number; comesBackAtMs: number };

async function arrive(index: number): Promise<Leaver> {
  const person = personNamed(`leaver_${index}`, { devices: 1 });
  far.enrol(person.id, person.device(0));
  const client = await RawClient.connect(index % 2 === 0 ? gateway.tcp : gateway.websocket);
  await client.login({ person, device: person.device(0) });
  return { client, person, sent: [], toldAtMs: -1, comesBackAtMs: -1 };
}

test('two hundred clients are sent away one after the other, and every answer that was on its way arrives', async () => {
  const peer = personNamed('peer', { devices: 1 });
  const leavers = await Promise.all(Array.from({ length: CLIENTS }, (_, index) => arrive(index)));
  const acked = new Set<string>();
  for (const leaver of leavers) {
    leaver.client.listen(({ message }) => {
      if (message?.type === 'ack' && 'ref' in message) acked.add(message.ref);
      if (message?.type !== 'goaway' || leaver.toldAtMs >= 0) return;
      leaver.toldAtMs = performance.now();
      leaver.comesBackAtMs = performance.now() + (message.reconnect_after_ms ?? Number.NaN);
    });
  }
  let next = 0;
  const talk = setInterval(() => {
    for (let n = 0; n < 4; n++) {
      const leaver = leavers[next++ % CLIENTS]!;
      if (leaver.toldAtMs >= 0) continue;
      const operation = makeGroupCreate({ creator: leaver.person, device: leaver.person.device(0), peer });
      leaver.client.send('group_create', operation);
      leaver.sent.push(operation.id);
    }
  }, SENDS_EVERY_MS);

  await until('the talk has begun', () => far.messages.length > 0);

  const startedMs = performance.now();
  await gateway.drain();
  const ends = await Promise.all(leavers.map(({ client }) => client.end()));
  clearInterval(talk);

  expect(ends.map(({ code }) => code)).toEqual(Array(CLIENTS).fill(1012));
  const quarters = Array<number>(4).fill(0);
  for (const { comesBackAtMs } of leavers)
    quarters[Math.min(3, Math.floor((4 * (comesBackAtMs - startedMs)) / DRAIN_MS))]!++;
  // a quarter each, with tolerance for a busy machine
  for (const count of quarters) expect(count).toBeGreaterThan(CLIENTS / 8);
  // everything the gateway accepted was answered before it closed; it accepted nothing after that
  const taken = far.messages.map(({ head }) => head.id);
  expect([...acked].sort()).toEqual(taken.sort());

  const routes = await store.redis.keys(`${store.prefix}:*:routes`);
  await until('all routes are gone', async () => {
    const left = await Promise.all(routes.map((key) => store.redis.hlen(key)));
    return left.every((count) => count === 0);
  });
  await gateway.stop();
  expect(await store.redis.exists(far.streams.out(gateway.id))).toBe(0);
});

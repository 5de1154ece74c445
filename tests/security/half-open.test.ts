// Ten thousand sockets that are opened and never finished: what they cost those who are in, and those who come.
import { afterEach, beforeAll, expect } from '@jest/globals';
import { encodeUpstream } from '@securechat/protocol';
import { helloOf, until } from '@securechat/testkit';
import type { Gateway } from '../support/constellation.ts';
import type { Attacker } from './support/attacker.ts';
import { type Crowd, type CrowdDoor, sendCrowd } from './support/crowd.ts';
import { emptyAndCollected } from './support/held-memory.ts';
import { type HonestTalk, openHonestTalk, quantile } from './support/honest-talk.ts';
import { useSiege } from './support/siege.ts';

const CROWD = 10_000;
/** As in a deployment; the constellation allows more. */
const CONNECTIONS_PER_ADDRESS = 100;
/** What the seed allows, twice over, since a socket may be on its way in or out (limits/table.ts). */
const SOCKETS_PER_ADDRESS = 200;
/** Long enough for all of them to be there at once. */
const HANDSHAKE_MS = 20_000;
/** Deadlines are looked at once a second; a busy machine may take its time, and only then. */
const LATE_MS = 20_000;
/** Of what a gateway holds for a socket that has said nothing yet. TLS takes most: its state is there before its first byte. */
const MAX_BYTES_PER_SOCKET = 48 * 1024;
/** What chatting leaves the first time; a kilobyte of each of them would be twenty times a megabyte. */
const MAX_GROWTH_BYTES = 4 * 1024 * 1024;
const ROUND_DEADLINE_MS = 120_000;

const siege = useSiege({
  gateways: [{}, { tls: true }],
  env: {
    gateway: {
      GATEWAY_CONNECTIONS_PER_IP: String(CONNECTIONS_PER_ADDRESS),
      GATEWAY_HANDSHAKE_TIMEOUT_MS: String(HANDSHAKE_MS),
    },
    delivery: { DELIVERY_MESSAGES_PER_EPOCH: '1000000' },
  },
});
const { test } = siege;
let plain: Gateway;
let secured: Gateway;
let newcomers: Attacker[];
/** Before anybody chatted. */
const bases: number[] = [];
let talk: HonestTalk;
let crowd: Crowd | undefined;

beforeAll(async () => {
  [plain, secured] = siege.constellation.gateways as [Gateway, Gateway];
  const carol = await siege.victim('carol');
  newcomers = [0, 1].map((where) => siege.attackerFor(carol, { where, device: where }));
  for (const newcomer of newcomers) await newcomer.newSession();
  for (const gateway of [plain, secured]) bases.push(await emptyAndCollected(gateway, newcomers));
  talk = await openHonestTalk(siege);
}, ROUND_DEADLINE_MS);
afterEach(() => crowd?.stop());

const base64 = (bytes: string | Uint8Array): string => Buffer.from(bytes).toString('base64');
/** The beginning of a ClientHello of 512 bytes. */
const CLIENT_HELLO = base64(Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3));

/** At each door half of them say nothing at all, and the other half begin something. */
function doors(): CrowdDoor[] {
  const [newcomer] = newcomers;
  const hello = newcomer ? encodeUpstream('client_hello', helloOf(newcomer.loginOptions)) : '';
  const upgrade = 'GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n';
  return [
    { port: secured.port('tcp'), begins: ['', CLIENT_HELLO] },
    { port: secured.port('websocket'), begins: ['', CLIENT_HELLO] },
    { port: plain.port('tcp'), begins: ['', base64(hello.slice(0, 12))] },
    // these are given five seconds for their headers
    { port: plain.port('websocket'), begins: ['', base64(upgrade)] },
  ];
}

/** People who log in again and again, at both gateways, until they are told to stop; how long each login took. */
function startComing(): { stop(): Promise<number[]> } {
  const took: number[] = [];
  let isOver = false;
  const coming = newcomers.map(async (newcomer) => {
    while (!isOver) {
      const beganMs = performance.now();
      const client = await newcomer.newSession();
      took.push(performance.now() - beganMs);
      client.destroy();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
  return {
    async stop() {
      isOver = true;
      await Promise.all(coming);
      return took;
    },
  };
}

const held = async ({ metrics }: Gateway): Promise<number> => {
  const { sum } = await metrics();
  return sum('nodejs_heap_size_used_bytes') + sum('nodejs_external_memory_bytes');
};
test(
  'ten thousand from a hundred addresses are let in, get no further, and are gone when their time is over',
  async () => {
    const gateways = [plain, secured];
    const { before, peaks, logins, end } = await talk.during('10,000 half-open sockets', async () => {
      const before = await Promise.all(gateways.map(held));
      crowd = sendCrowd({ doors: doors(), count: CROWD, addresses: 100 });
      const coming = startComing();
      await until('they are there', () => (crowd?.now.came ?? 0) >= CROWD, ROUND_DEADLINE_MS);
      const peaks = await Promise.all(gateways.map(held));
      const end = await crowd.gone();
      return { before, peaks, end, logins: await coming.stop() };
    });
    const perSocket = peaks.map((peak, index) => Math.round((peak - (before[index] ?? 0)) / (CROWD / 2)));
    process.stdout.write(
      `[security] ${end.most} were open at once, the last one for ${(end.slowestEndMs / 1000).toFixed(1)} s; meanwhile ${logins.length} people came in: p50 ${quantile(logins, 0.5)}, p99 ${quantile(logins, 0.99)} ms; held for each socket ${perSocket.join(' (plain) and ')} (TLS) bytes\n`,
    );
    expect(end).toMatchObject({ came: CROWD, failed: 0, open: 0 });
    // all of them, unless the machine is so busy that the first are gone before the last come
    expect(end.most).toBeGreaterThan(CROWD / 2);
    expect(end.slowestEndMs).toBeLessThan(HANDSHAKE_MS + LATE_MS);
    expect(logins.length).toBeGreaterThan(20);
    for (const bytes of perSocket) expect(bytes).toBeLessThan(MAX_BYTES_PER_SOCKET);
  },
  ROUND_DEADLINE_MS,
);

test(
  'of ten thousand from one address no door keeps more than its share',
  async () => {
    const share = doors().length * SOCKETS_PER_ADDRESS;
    const end = await talk.during('10,000 half-open sockets from one address', async () => {
      crowd = sendCrowd({ doors: doors(), count: CROWD, addresses: 1 });
      return await crowd.gone();
    });
    process.stdout.write(`[security] ${end.most} of ${end.came} were open at once\n`);
    expect(end).toMatchObject({ came: CROWD, open: 0 });
    // and those that are about to be turned away
    expect(end.most).toBeLessThan(3 * share);
  },
  ROUND_DEADLINE_MS,
);

test('the honest have lost nothing, and nobody else has written anything', async () => {
  await talk.end();
  await siege.database.settled();
  expect(await siege.database.count('delivery.messages')).toBe(talk.said());
});

test(
  'nothing of all that is held when they are gone',
  async () => {
    const growths: number[] = [];
    for (const [index, gateway] of [plain, secured].entries()) {
      const base = bases[index] ?? 0;
      growths.push((await emptyAndCollected(gateway, newcomers, base + MAX_GROWTH_BYTES)) - base);
    }
    process.stdout.write(`[security] afterwards, ${growths.join(' and ')} bytes more are held\n`);
    for (const growth of growths) expect(growth).toBeLessThan(MAX_GROWTH_BYTES);
  },
  ROUND_DEADLINE_MS,
);

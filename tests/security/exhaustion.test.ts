import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { encodeFrame, encodeUpstream, upstream } from '@securechat/protocol';
import {
  helloOf,
  LoginRefused,
  makeChat,
  newConversationId,
  type Person,
  personNamed,
  type RawClient,
  until,
} from '@securechat/testkit';
import type { Gateway } from '../support/constellation.ts';
import { type Attacker, expectPong, pingOf } from './support/attacker.ts';
import { emptyAndCollected } from './support/held-memory.ts';
import { type HonestTalk, openHonestTalk } from './support/honest-talk.ts';
import { annoyAll, type SocketEnd, WebSocket } from './support/raw-sockets.ts';
import { useSiege } from './support/siege.ts';

/** Shorter than in a deployment, so that the tests need not wait; what is tested is that they are kept. */
const HANDSHAKE_MS = 4_000;
const FRAME_MS = 1_000;
const STUCK_MS = 1_000;
/** Deadlines are looked at once a second; a busy machine may take its time, and only then. */
const LATE_MS = 20_000;
const timeouts = {
  GATEWAY_HANDSHAKE_TIMEOUT_MS: String(HANDSHAKE_MS),
  GATEWAY_FRAME_TIMEOUT_MS: String(FRAME_MS),
  GATEWAY_STUCK_TIMEOUT_MS: String(STUCK_MS),
};
/** More than a socket is read for at once. */
const UNKNOWN_TYPES = 30_000;
/** Of one message, as transport/websocket.ts lets it come. */
const MAX_FRAGMENTS = 64;
/** What waits for the attacker's first device: a page of it fills a socket soon. */
const WAITING_MESSAGES = 8;
const WAITING_BYTES = 40_000;
/** A connection costs about 6 KiB; to keep any of what comes in the second round takes more. */
const MAX_GROWTH_BYTES = 2 * 1024 * 1024;
const ROUND_DEADLINE_MS = 90_000;
const START_DEADLINE_MS = 60_000;

const siege = useSiege({
  gateways: [{ env: timeouts }, { env: timeouts, tls: true }],
  // the honest say more than a thousand messages; a commit between them would be one more that is stored
  env: { delivery: { DELIVERY_MESSAGES_PER_EPOCH: '1000000' } },
});
const { test } = siege;
let eve: Person;
let talk: HonestTalk;
let attackers: { websocket: Attacker; tcp: Attacker };
let plain: Gateway;
let secured: Gateway;

beforeAll(async () => {
  [plain, secured] = siege.constellation.gateways as [Gateway, Gateway];
  eve = await siege.victim('eve');
  attackers = {
    websocket: siege.attackerFor(eve, { transport: 'websocket', device: 0 }),
    tcp: siege.attackerFor(eve, { transport: 'tcp', device: 1 }),
  };
  await fillMailbox();
  talk = await openHonestTalk(siege);
}, START_DEADLINE_MS);

/** Eve's second device writes to somebody who is never there; her first device gets it too. */
async function fillMailbox(): Promise<void> {
  const peer = await siege.victim('peer');
  const conversationId = await siege.converse(attackers.tcp, peer);
  const client = await attackers.tcp.newSession();
  for (let clientSeq = 1; clientSeq <= WAITING_MESSAGES; clientSeq++) {
    const payload = Buffer.alloc(WAITING_BYTES);
    const device = eve.device(1);
    client.send('chat', makeChat({ from: eve, device, to: peer.id, conversationId, clientSeq, payload }));
    await client.next('ack');
  }
  client.destroy();
}

/** How a connection ends on which a message comes in so many fragments. */
async function endOfFragments(count: number): Promise<number> {
  const socket = new WebSocket(plain.wsUrl, 'scht.v1');
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  for (let n = 0; n < count; n++) {
    socket.send('x', { fin: false, binary: true });
    // the honest live in this process too
    if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return closed;
}

/** Rows that only an attack could add while the honest talk. */
async function foreignRows(): Promise<number[]> {
  const tables = ['auth.users', 'auth.devices', 'delivery.conversations', 'delivery.dead_letters'];
  return Promise.all(tables.map((table) => siege.database.count(table)));
}

/** One attack as a test: the honest go on, and the tables hold nothing of it. */
function attack<T>(name: string, run: () => Promise<T>, check: (outcome: T) => Promise<void> | void): void {
  attacks.push(run);
  test(
    name,
    async () => {
      const before = await foreignRows();
      const outcome = await talk.during(name, run);
      await check(outcome);
      expect(await foreignRows()).toEqual(before);
    },
    ROUND_DEADLINE_MS,
  );
}
const attacks: (() => Promise<unknown>)[] = [];

function expectEnds(ends: SocketEnd[], answer: string | undefined, fromMs: number): void {
  for (const end of ends) {
    expect(end.afterMs).toBeGreaterThan(fromMs / 2);
    expect(end.afterMs).toBeLessThan(fromMs + LATE_MS);
    // whoever still writes then may hear of the reset first: bytes were on their way that nobody reads any more
    if (end.answer !== '') expect([answer, end.answer.includes(answer ?? 'nothing')]).toEqual([answer, true]);
  }
  if (answer !== undefined) expect(ends.filter((end) => end.answer !== '')).not.toEqual([]);
}

test('this is how long it takes when nobody attacks', async () => {
  await talk.during('quiet', () => new Promise((resolve) => setTimeout(resolve, 1_000)));
});

describe('whoever is slow is let go:', () => {
  attack(
    'five hundred sockets that say nothing, headers, hellos and frames that drip',
    async () => {
      const headers = { begins: 'GET /v1/ws HTTP/1.1\r\nHost: localhost\r\n', drips: 'X-Canary: 1\r\n' };
      const hello = encodeUpstream('client_hello', helloOf(attackers.tcp.loginOptions));
      const hellos = { begins: hello.subarray(0, 40), drips: ' ' };
      const session = await attackers.tcp.newSession();
      const frame = encodeFrame(upstream.ping.id, Buffer.alloc(1_000, ' '));
      let sent = 0;
      const drip = setInterval(() => session.sendFrame(frame.subarray(sent, ++sent)), 20);
      const startedMs = performance.now();
      const ends = {
        silentWs: annoyAll(200, plain.port('websocket')),
        silentTcp: annoyAll(200, plain.port('tcp')),
        silentTlsWs: annoyAll(50, secured.port('websocket')),
        silentTls: annoyAll(50, secured.port('tcp')),
        headers: annoyAll(40, plain.port('websocket'), headers),
        spentHeaders: annoyAll(10, plain.port('websocket'), { ...headers, dripsForMs: HANDSHAKE_MS / 2 }),
        hellos: annoyAll(40, plain.port('tcp'), hellos),
        spentHellos: annoyAll(10, plain.port('tcp'), { ...hellos, dripsForMs: FRAME_MS / 2 }),
        frame: session.end(LATE_MS).then((end) => ({ ...end, afterMs: performance.now() - startedMs })),
      };
      try {
        return {
          silentWs: await ends.silentWs,
          silentTcp: await ends.silentTcp,
          silentTls: [...(await ends.silentTlsWs), ...(await ends.silentTls)],
          // some stop to drip, and hear the answer for certain
          headers: [...(await ends.headers), ...(await ends.spentHeaders)],
          hellos: [...(await ends.hellos), ...(await ends.spentHellos)],
          frame: await ends.frame,
        };
      } finally {
        clearInterval(drip);
      }
    },
    ({ silentWs, silentTcp, silentTls, headers, hellos, frame }) => {
      expectEnds(silentWs, '408 Request Timeout', HANDSHAKE_MS);
      expectEnds(headers, '408 Request Timeout', HANDSHAKE_MS);
      expectEnds(silentTcp, '"code":4005', HANDSHAKE_MS);
      expectEnds(hellos, '"code":4502', FRAME_MS);
      expectEnds(silentTls, undefined, HANDSHAKE_MS);
      expect(frame.code).toBe(4502);
      expect(frame.afterMs).toBeGreaterThan(FRAME_MS - 100);
    },
  );
});

describe('whoever comes in crumbs costs little:', () => {
  attack(
    'WebSocket messages in fragments of one byte',
    async () => {
      const ends = Array.from({ length: 20 }, (_, index) =>
        endOfFragments(index === 0 ? MAX_FRAGMENTS + 1 : 200),
      );
      return Promise.all(ends);
    },
    ([exactlyOneTooMany, ...codes]) => {
      expect(exactlyOneTooMany).toBe(1008);
      // with fragments on their way that nobody reads any more, the close frame may be overtaken by a reset
      expect(codes.filter((code) => code !== 1008 && code !== 1006)).toEqual([]);
    },
  );

  attack(
    'a hello in packets of one byte',
    async () => {
      const clients = await Promise.all(Array.from({ length: 20 }, () => attackers.tcp.connect()));
      const hello = encodeUpstream('client_hello', helloOf(attackers.tcp.loginOptions));
      for (const byte of hello) for (const client of clients) client.sendFrame(Uint8Array.of(byte));
      const answers = await Promise.all(clients.map((client) => client.next('server_hello')));
      for (const client of clients) client.destroy();
      return answers;
    },
    (answers) => expect(answers).toHaveLength(20),
  );
});

describe('whoever pesters is ended:', () => {
  attack(
    'a flood of pings',
    async () => {
      const client = await attackers.websocket.newSession();
      // in one message, or the gateway would take its time to read them
      client.sendFrame(
        Buffer.concat(
          Array.from({ length: 200 }, (_, sequence) =>
            encodeUpstream('ping', { type: 'ping', timestamp: 0, sequence }),
          ),
        ),
      );
      return { end: await client.end(15_000), refused: await client.next('error') };
    },
    ({ end, refused }) => {
      expect(refused).toMatchObject({ code: 1004, scope: 'pings' });
      expect(end.code).toBe(4004);
    },
  );

  attack(
    'a flood of pings of the WebSocket, whose answers are not read',
    async () => {
      const socket = new WebSocket(plain.wsUrl, 'scht.v1');
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      const closed = new Promise<number>((resolve) => socket.once('close', resolve));
      let pongs = 0;
      socket.on('pong', () => pongs++);
      socket.pause();
      for (let n = 0; n < 20_000; n++) socket.ping(Buffer.alloc(125));
      await new Promise((resolve) => setTimeout(resolve, 300));
      socket.resume();
      return { code: await closed, pongs };
    },
    ({ code, pongs }) => {
      // before a login the first refusal is the last
      expect(code).toBe(4502);
      expect(pongs).toBe(10);
    },
  );

  attack(
    'a flood of types that nobody knows',
    async () => {
      const client = await attackers.tcp.newSession();
      let answered = 0;
      client.listen(() => answered++);
      const unknown = encodeFrame(0x7777, Buffer.from('{}'));
      client.sendFrame(Buffer.concat(Array.from({ length: UNKNOWN_TYPES }, () => unknown)));
      await until('it is heard', () => answered > 200);
      await new Promise((resolve) => setTimeout(resolve, 500));
      return { isOpen: client.isOpen, answered };
    },
    ({ isOpen, answered }) => {
      // a newer client may be like this; but nobody gets more than what was read before the pause
      expect(isOpen).toBe(true);
      expect(answered).toBeLessThan(UNKNOWN_TYPES / 2);
    },
  );

  attack(
    'a flood of questions for pages',
    async () => {
      const client = await attackers.websocket.newSession();
      client.send('resume', { type: 'resume', cursor: 0 });
      const ask = encodeUpstream('sync', { type: 'sync', from: 0 });
      client.sendFrame(Buffer.concat(Array.from({ length: 200 }, () => ask)));
      return { end: await client.end(LATE_MS), refused: await client.next('error') };
    },
    ({ end, refused }) => {
      expect(refused).toMatchObject({ code: 1004, scope: 'syncs' });
      expect(end.code).toBe(4004);
    },
  );

  attack(
    'pages that are asked for and never read',
    async () => {
      const client = await attackers.websocket.newSession();
      const count = async () =>
        (await plain.metrics()).sum('securechat_gateway_connections_ended_total', {
          reason: 'slow_consumer',
        });
      const before = await count();
      client.send('resume', { type: 'resume', cursor: 0 });
      await client.next('sync_page');
      client.transport.pause();
      // fewer than are allowed, and more than the sockets between the two can hold
      let asks = 50;
      const ask = setInterval(() => {
        if (asks-- > 0) client.send('sync', { type: 'sync', from: 0 });
        // a question while a page is on its way is not answered with another, and a busy machine takes its time
      }, 250);
      try {
        return await until('it is ended', async () => (await count()) > before, LATE_MS);
      } finally {
        clearInterval(ask);
        client.destroy();
      }
    },
    (isEnded) => expect(isEnded).toBe(true),
  );
});

describe('whoever tries often gets nowhere:', () => {
  attack(
    'a flood of logins: wrong proofs, and people who do not exist',
    async () => {
      const nobody = personNamed('canary_flood');
      const login = async (n: number): Promise<number> => {
        const client = await attackers.tcp.connect();
        const { serviceKey } = siege;
        const refused = await client
          .login(
            n % 2 === 0
              ? { person: nobody, device: nobody.device(0), serviceKey }
              : { ...attackers.tcp.loginOptions, ticket: undefined, tamper: { context: 'server-auth' } },
          )
          .catch((error: unknown) => error);
        expect(refused).toBeInstanceOf(LoginRefused);
        return (await client.end()).code;
      };
      const codes: number[] = [];
      for (let round = 0; round < 10; round++)
        codes.push(...(await Promise.all(Array.from({ length: 30 }, (_, n) => login(n)))));
      return codes;
    },
    (codes) => expect(new Set(codes)).toEqual(new Set([4501])),
  );

  attack(
    'a flood of ids, in conversations that there are not',
    async () => {
      let last: RawClient | undefined;
      for (let round = 0; round < 20; round++) {
        last?.destroy();
        last = await attackers.websocket.newSession();
        for (let n = 0; n < 50; n++) last.send('chat', strayChat());
        for (let n = 0; n <= 10; n++) await last.next('error');
      }
      last?.send('ping', pingOf());
      return last;
    },
    async (client) => {
      // it is not read for a while, and not ended
      await expect(client?.next('pong', undefined, 1_000)).rejects.toThrow('in vain');
      expect(client?.isOpen).toBe(true);
    },
  );

  attack(
    'a flood of receipts for conversations that there are not',
    async () => {
      const client = await attackers.websocket.newSession();
      for (let n = 0; n < 3_000; n++)
        client.send('receipt', { type: 'receipt', conversation_id: newConversationId(), read_through: 1 });
      await expectPong(client);
      return client;
    },
    (client: RawClient) => expect(client.isOpen).toBe(true),
  );
});

function strayChat() {
  const device = eve.device(0);
  return makeChat({
    from: eve,
    device,
    to: 'canary',
    conversationId: newConversationId(),
    clientSeq: 1,
    payload: 'x',
  });
}

test('the honest have lost nothing, and nobody else has written anything', async () => {
  await talk.end();
  await siege.database.settled();
  expect(await siege.database.count('delivery.messages')).toBe(talk.said() + WAITING_MESSAGES + 1);
});

test(
  'all of it again leaves nothing in memory',
  async () => {
    const everyone = Object.values(attackers);
    const gateways = [plain, secured];
    const bases: number[] = [];
    for (const gateway of gateways) bases.push(await emptyAndCollected(gateway, everyone));
    // a device has one connection, so what is done in its name is done by one after the other
    for (const run of attacks) await run();
    const growths: number[] = [];
    for (const [index, gateway] of gateways.entries()) {
      const base = bases[index] ?? 0;
      growths.push((await emptyAndCollected(gateway, everyone, base + MAX_GROWTH_BYTES)) - base);
    }
    process.stdout.write(`[security] after a second round, ${growths.join(' and ')} bytes more are held\n`);
    for (const growth of growths) expect(growth).toBeLessThan(MAX_GROWTH_BYTES);
  },
  ROUND_DEADLINE_MS,
);

afterAll(() => {
  for (const attacker of Object.values(attackers ?? {})) attacker.close();
});

import { type ChildProcess, spawn } from 'node:child_process';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { downstreamNames, errorNames, upstreamNames } from '@securechat/protocol';
import {
  type Device,
  makeChat,
  newConversationId,
  openTestRedis,
  type Person,
  personNamed,
  RawClient,
  type TestRedis,
  until,
} from '@securechat/testkit';
import { connectionStates } from './connection/states.ts';
import { limitNames } from './metrics.ts';
import { FarServices, storedFor } from './testing/far-services.ts';

const MAIN = join(import.meta.dirname, 'main.ts');

type Line = { msg: string; [field: string]: unknown };
type Process = {
  child: ChildProcess;
  output(): string;
  exited: Promise<number | null>;
  seen(msg: string): Promise<Line>;
};

let store: TestRedis;
let far: FarServices;
const children: ChildProcess[] = [];
const open: RawClient[] = [];

beforeAll(async () => {
  store = await openTestRedis();
  far = new FarServices(store.url, store.prefix);
  await far.start();
});
afterEach(async () => {
  far.onMessage = storedFor;
  far.onAuth = (ask) => far.answerAuth(ask);
  for (const client of open.splice(0)) client.destroy();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  await far?.stop();
  await store?.close();
});

function start(env: Record<string, string> = {}): Process {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      REDIS_URL: store.url,
      STREAM_PREFIX: store.prefix,
      GATEWAY_WS_PORT: '0',
      GATEWAY_TCP_PORT: '0',
      OPS_PORT: '0',
      LOG_LEVEL: 'trace',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes) => (output += String(bytes)));
  const lines = () => output.split('\n').filter((line) => line.startsWith('{'));
  return {
    child,
    output: () => output,
    exited: new Promise((resolve) => child.once('close', (code) => resolve(code))),
    seen: (msg) =>
      until(
        `the gateway says "${msg}"; it said: ${output}`,
        () =>
          lines()
            .map((line) => JSON.parse(line) as Line)
            .find((line) => line.msg === msg),
        20_000,
      ),
  };
}

async function doorsOf(gateway: Process) {
  const { wsPort, tcpPort, gatewayId } = await gateway.seen('doors open');
  return {
    id: String(gatewayId),
    websocket: { url: `ws://127.0.0.1:${wsPort}/v1/ws` },
    tcp: { tcp: { host: '127.0.0.1', port: Number(tcpPort) } },
  };
}

let people = 0;
function newcomer(): { person: Person; device: Device } {
  const person = personNamed(`process-user-${++people}`);
  far.enrol(person.id, person.device(0));
  return { person, device: person.device(0) };
}

async function connect(target: Parameters<typeof RawClient.connect>[0]): Promise<RawClient> {
  const client = await RawClient.connect(target);
  open.push(client);
  return client;
}

describe('told to stop', () => {
  test('it says goodbye to everybody, each with a time of its own, and ends in order', async () => {
    const gateway = start({ GATEWAY_DRAIN_MS: '2000' });
    const doors = await doorsOf(gateway);
    const clients: RawClient[] = [];
    for (let n = 0; n < 12; n++) {
      const client = await connect(n % 2 === 0 ? doors.websocket : doors.tcp);
      if (n < 10) await client.login(newcomer());
      clients.push(client);
    }
    gateway.child.kill('SIGTERM');
    const delays = new Set<number>();
    for (const client of clients) {
      const goaway = await client.next('goaway');
      expect(goaway).toMatchObject({ code: 1012, reason: 'this server is going away; come back' });
      expect(goaway.reconnect_after_ms).toBeLessThan(2000);
      delays.add(goaway.reconnect_after_ms ?? -1);
      expect(await client.end()).toEqual({ code: 1012, reason: 'this server is going away; come back' });
    }
    expect(delays.size).toBeGreaterThan(6);
    expect(await gateway.exited).toBe(0);

    const left = await store.redis.keys(`${store.prefix}:*`);
    expect(left.filter((key) => key.includes(doors.id))).toEqual([]);
    const routes = await Promise.all(
      left.filter((key) => key.endsWith(':routes')).map((key) => store.redis.hlen(key)),
    );
    expect(routes.reduce((sum, count) => sum + count, 0)).toBe(0);
    expect(await store.redis.zrange(`${store.prefix}:gateways`, '0', '-1')).not.toContain(doors.id);
  });

  test('answers that are on their way arrive before the end, and nobody new is let in', async () => {
    const gateway = start();
    const doors = await doorsOf(gateway);
    const client = await connect(doors.websocket);
    const sender = newcomer();
    await client.login(sender);
    const withheld = Promise.withResolvers<Parameters<typeof storedFor>[0]>();
    far.onMessage = (head) => {
      withheld.resolve(head);
      return undefined;
    };
    const source = {
      from: sender.person,
      device: sender.device,
      to: 'bob',
      conversationId: newConversationId(),
    };
    const chat = makeChat({ ...source, clientSeq: 1, payload: 'x' });
    client.send('chat', chat);
    const head = await withheld.promise;
    gateway.child.kill('SIGTERM');
    await client.next('goaway');
    await expect(RawClient.connect(doors.websocket)).rejects.toThrow();
    await expect(RawClient.connect(doors.tcp)).rejects.toThrow();
    expect(client.isOpen).toBe(true);
    await far.send(doors.id, storedFor(head));
    expect((await client.next('ack')).ref).toBe(chat.id);
    expect((await client.end()).code).toBe(1012);
    expect(await gateway.exited).toBe(0);
  });

  test('a client that ends nothing does not hold it up for long', async () => {
    const gateway = start();
    const doors = await doorsOf(gateway);
    const socket: Socket = connectTcp({ ...doors.tcp.tcp, allowHalfOpen: true });
    await new Promise((resolve) => socket.once('connect', resolve));
    const held = await connect(doors.websocket);
    held.transport.pause();
    gateway.child.kill('SIGTERM');
    const startedMs = performance.now();
    expect(await gateway.exited).toBe(0);
    // 5 s for what is owed to clients, plus a little; without its own bound it would be the 15 s grace
    expect(performance.now() - startedMs).toBeLessThan(12_000);
    socket.destroy();
  }, 20_000);
});

test('what is written to logs and metrics names no person, no content, no key and no ticket', async () => {
  const gateway = start();
  const { opsPort } = await gateway.seen('process started');
  const doors = await doorsOf(gateway);
  const canaries: string[] = [];
  const conversationId = newConversationId();

  for (const target of [doors.websocket, doors.tcp]) {
    const { person, device } = newcomer();
    const client = await connect(target);
    const { ready, auth, hello } = await client.login({ person, device });
    canaries.push(
      person.id,
      ready.resume_ticket,
      auth.signature,
      hello.challenge,
      hello.public_key,
      ready.session_id,
    );
    const source = { from: person, device, to: 'canary-peer', conversationId };
    const chat = makeChat({ ...source, clientSeq: 1, payload: 'canary content' });
    canaries.push(chat.payload, chat.id, chat.nonce, chat.signature);
    client.send('chat', chat);
    await client.next('ack');
    // everything that can go wrong, each with distinct values
    client.send(
      'chat',
      makeChat({ ...source, clientSeq: 2, payload: 'canary two' }, { unsigned: { epoch: 9 } }),
    );
    client.send(
      'chat',
      makeChat({ ...source, clientSeq: 2, payload: 'canary two' }, { signed: { from: 'canary-from' } }),
    );
    client.sendAny(0x0301, { type: 'chat', id: 'canary-id', payload: 'canary-payload' });
    client.sendAny(0x7777, { secret: 'canary-secret' });
    for (let n = 0; n < 4; n++) await client.next('error');
    client.send('device_list', { type: 'device_list', id: 'l1', user_id: 'canary-lookup' });
    await client.next('error');
    client.send('resume', { type: 'resume', cursor: 0 });
    await client.next('sync_page');
    const nonsense = { kind: 'head', to: 'canary-record' } as never;
    await far.send(doors.id, { head: nonsense, body: Buffer.from('canary-body') });
    await store.redis.xadd(far.streams.out(doors.id), '*', 'e', 'canary-entry');
    await client
      .login({ person: personNamed('canary-stranger'), device: person.device(1) })
      .catch(() => undefined);
    const refused = await connect(target);
    await refused
      .login({ person: personNamed('canary-stranger'), device: person.device(1) })
      .catch(() => undefined);
    await refused.end();
  }
  canaries.push('canary', conversationId, Buffer.from('canary').toString('base64').slice(0, 8));

  const page = await fetch(`http://127.0.0.1:${opsPort}/metrics`);
  const metrics = await page.text();
  await until('the bad entries were logged', () => gateway.output().includes('unreadable entry'));
  gateway.child.kill('SIGTERM');
  expect(await gateway.exited).toBe(0);
  const log = gateway.output();
  expect(log).toContain('doors open');
  for (const canary of canaries) {
    expect({ canary, isLogged: log.includes(canary) }).toEqual({ canary, isLogged: false });
    expect({ canary, isCounted: metrics.includes(canary) }).toEqual({ canary, isCounted: false });
  }

  const closed: Record<string, readonly string[]> = {
    type: [...upstreamNames, ...downstreamNames, 'unknown'],
    error: errorNames,
    transport: ['websocket', 'tcp'],
    state: connectionStates,
    by: ['ticket', 'auth'],
    step: ['proof', 'auth'],
    limit: limitNames,
    direction: ['received', 'sent'],
    outcome: ['done', 'failed'],
  };
  const ours = metrics.split('\n').filter((line) => line.startsWith('securechat_gateway_'));
  expect(ours.length).toBeGreaterThan(20);
  for (const line of ours) {
    for (const [, label = '', value = ''] of line.matchAll(/(\w+)="([^"]*)"/g)) {
      if (label === 'le' || label === 'reason') continue;
      expect({ line, isClosed: closed[label]?.includes(value) }).toEqual({ line, isClosed: true });
    }
  }
  expect(metrics).toMatch(/securechat_gateway_frames_received_total\{type="chat"\} 8/);
  expect(metrics).toMatch(/securechat_gateway_frames_received_total\{type="unknown"\} 2/);
});

import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { GATEWAY_DEAD_AFTER_MS } from '@securechat/directory';
import { createLogger } from '@securechat/kernel';
import {
  alice,
  type ConnectionEnd,
  openTestRedis,
  RawClient,
  type TestRedis,
  until,
} from '@securechat/testkit';
import { Redis } from 'ioredis';
import { FarServices } from '../testing/far-services.ts';
import { startGateway, type TestGateway } from '../testing/gateway.ts';
import { type AddressLimit, createAddressLimit } from './address-limit.ts';

const logger = createLogger({ service: 'gateway', instance: 'test', level: 'silent' });

let store: TestRedis;
beforeAll(async () => {
  store = await openTestRedis();
});
afterAll(() => store?.close());

describe('counting', () => {
  let run = 0;
  let refused = 0;
  /** Gateways of one deployment; all of them are alive unless said otherwise. */
  function deployment(most: number, options: { redis?: Redis } = {}) {
    const prefix = `${store.prefix}-${++run}`;
    refused = 0;
    let live: string[] = ['a', 'b', 'c'];
    const limitOf = (gatewayId: string): AddressLimit =>
      createAddressLimit({
        redis: options.redis ?? store.redis,
        prefix,
        gatewayId,
        most,
        liveGateways: () => live,
        onRefused: () => void refused++,
        logger,
      });
    const keyOf = (address: string) => `${prefix}:{ip.${address}}:connections`;
    const counted = async (address: string) => {
      const said = Object.entries(await store.redis.hgetall(keyOf(address)));
      const counts = said.map(([gateway, value]) => [gateway, value.split('@')[0]]);
      return Object.fromEntries(counts.filter(([, count]) => count !== '0'));
    };
    /** As if all gateways had reported their counts that long ago. */
    const age = async (address: string, ms: number) => {
      for (const [gateway, value] of Object.entries(await store.redis.hgetall(keyOf(address)))) {
        const [count, at] = value.split('@');
        await store.redis.hset(keyOf(address), gateway, `${count}@${Number(at) - ms}`);
      }
    };
    return {
      limitOf,
      counted,
      age,
      setLive(ids: string[]) {
        live = ids;
      },
    };
  }

  test('the limit holds over all gateways, and a place that was left can be taken elsewhere', async () => {
    const { limitOf, counted } = deployment(3);
    const [a, b] = [limitOf('a'), limitOf('b')];
    expect([await a.enter('x'), await a.enter('x'), await b.enter('x')]).toEqual([true, true, true]);
    expect([await a.enter('x'), await b.enter('x')]).toEqual([false, false]);
    expect(refused).toBe(2);
    expect(await a.enter('y')).toBe(true);
    a.leave('x');
    await until('the place is free', async () => (await counted('x')).a === '1');
    expect(await b.enter('x')).toBe(true);
    expect(await counted('x')).toEqual({ a: '1', b: '2' });
  });

  test('two gateways that race for the last place: exactly one wins', async () => {
    for (let round = 0; round < 10; round++) {
      const { limitOf } = deployment(1);
      const outcomes = await Promise.all([limitOf('a').enter('x'), limitOf('b').enter('x')]);
      expect(outcomes.toSorted()).toEqual([false, true]);
    }
  });

  test('connections that come at once to one gateway are counted one by one', async () => {
    const { limitOf, counted } = deployment(5);
    const a = limitOf('a');
    const outcomes = await Promise.all(Array.from({ length: 9 }, () => a.enter('x')));
    expect(outcomes.filter(Boolean)).toHaveLength(5);
    expect(await counted('x')).toEqual({ a: '5' });
    for (let n = 0; n < 5; n++) a.leave('x');
    await until('all have left', async () => Object.keys(await counted('x')).length === 0);
    expect(a.isFullHere('x')).toBe(false);
  });

  test('what a dead gateway had is not counted', async () => {
    const { limitOf, setLive, counted, age } = deployment(2);
    await limitOf('b').enter('x');
    await limitOf('c').enter('x');
    expect(await limitOf('a').enter('x')).toBe(false);
    setLive(['a']);
    const a = limitOf('a');
    // they may be too new for the list
    expect(await a.enter('x')).toBe(false);
    await age('x', GATEWAY_DEAD_AFTER_MS);
    expect([await a.enter('x'), await a.enter('x'), await a.enter('x')]).toEqual([true, true, false]);
    expect(await counted('x')).toEqual({ a: '2' });
  });

  test('a gateway that is full by itself knows it without asking', async () => {
    const { limitOf } = deployment(1);
    const a = limitOf('a');
    expect(a.isFullHere('x')).toBe(false);
    await a.enter('x');
    expect([a.isFullHere('x'), a.isFullHere('y')]).toEqual([true, false]);
    expect(refused).toBe(1);
  });

  test('a gateway that was taken for dead is counted again, and nobody is counted who has left', async () => {
    const { limitOf, counted, setLive, age } = deployment(2);
    const [a, b] = [limitOf('a'), limitOf('b')];
    await a.enter('x');
    await a.enter('x');
    // the others drop a's count
    setLive(['b']);
    await age('x', GATEWAY_DEAD_AFTER_MS);
    await b.enter('x');
    await b.enter('x');
    setLive(['a', 'b']);
    a.leave('x');
    b.leave('x');
    expect(await a.enter('x')).toBe(false);
    a.leave('x');
    b.leave('x');
    await until('nobody is counted', async () => Object.keys(await counted('x')).length === 0);
    expect([await b.enter('x'), await b.enter('x')]).toEqual([true, true]);
  });

  test('while Redis is away each gateway counts alone, and what it counted is known when Redis is back', async () => {
    const away = new Redis('redis://127.0.0.1:1', {
      lazyConnect: true,
      enableOfflineQueue: false,
      retryStrategy: () => null,
    });
    away.on('error', () => undefined);
    const { limitOf } = deployment(2, { redis: away });
    const a = limitOf('a');
    expect([await a.enter('x'), await a.enter('x'), await a.enter('x')]).toEqual([true, true, false]);
    a.leave('x');
    expect(await a.enter('x')).toBe(true);
    away.disconnect();
  });
});

describe('at the doors', () => {
  let far: FarServices;
  let gateways: TestGateway[];
  const open: RawClient[] = [];

  beforeAll(async () => {
    far = new FarServices(store.url, store.prefix);
    await far.start();
    const env = { REDIS_URL: store.url, STREAM_PREFIX: store.prefix, GATEWAY_CONNECTIONS_PER_IP: '4' };
    gateways = [await startGateway(env), await startGateway(env)];
    const beatOf = async (n: number) =>
      Number(await store.redis.zscore(`${store.prefix}:gateways`, gateways[n]?.id ?? ''));
    const firstOfSecond = await beatOf(1);
    await until('the first has heard of the second', async () => (await beatOf(0)) > firstOfSecond);
  });
  afterEach(async () => {
    for (const client of open.splice(0)) client.destroy();
    await until('nobody is counted', async () => {
      const counts = await store.redis.hvals(`${store.prefix}:{ip.127.0.0.1}:connections`);
      return counts.every((count) => count.startsWith('0@'));
    });
  });
  afterAll(async () => {
    for (const gateway of gateways ?? []) {
      await gateway.drain();
      await gateway.stop();
    }
    await far?.stop();
  });

  async function connect(gateway: number, kind: 'websocket' | 'tcp'): Promise<RawClient> {
    const { wsPort, tcp } = gateways[gateway]!;
    const target = kind === 'tcp' ? tcp : { url: `ws://127.0.0.1:${wsPort}/v1/ws` };
    const client = await RawClient.connect(target);
    open.push(client);
    return client;
  }

  type Answer = { status: number; retryAfter: string | undefined; body: string };

  /** Sends an upgrade that should be refused, or an ordinary request. */
  async function ask(gateway: number, isUpgrade: boolean): Promise<Answer> {
    const headers = {
      'sec-websocket-protocol': 'scht.v1',
      ...(isUpgrade && {
        connection: 'upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
      }),
    };
    const asked = request({
      host: '127.0.0.1',
      port: gateways[gateway]?.wsPort,
      path: '/v1/ws',
      headers,
    }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    const chunks = await response.toArray();
    return {
      status: response.statusCode ?? 0,
      retryAfter: response.headers['retry-after'],
      body: Buffer.concat(chunks).toString(),
    };
  }

  async function expectRefusedTcp(gateway: number): Promise<ConnectionEnd> {
    const client = await connect(gateway, 'tcp');
    expect(await client.next('error')).toMatchObject({
      code: 1004,
      error_code: 'RATE_LIMITED',
      scope: 'address_connections',
      retry_after_ms: 60_000,
    });
    return await client.end();
  }

  const fills: [string, [number, 'websocket' | 'tcp'][]][] = [
    [
      'one gateway',
      [
        [0, 'websocket'],
        [0, 'tcp'],
        [0, 'websocket'],
        [0, 'tcp'],
      ],
    ],
    [
      'two gateways',
      [
        [0, 'websocket'],
        [0, 'tcp'],
        [1, 'websocket'],
        [1, 'tcp'],
      ],
    ],
    [
      'the other gateway',
      [
        [1, 'websocket'],
        [1, 'tcp'],
        [1, 'websocket'],
        [1, 'tcp'],
      ],
    ],
  ];
  test.each(fills)('one connection too many, the others on %s: HTTP 429 and error 1004', async (_, fill) => {
    for (const [gateway, kind] of fill) await connect(gateway, kind);
    for (const gateway of [0, 1]) {
      await expect(connect(gateway, 'websocket')).rejects.toThrow('Unexpected server response: 429');
      await expectRefusedTcp(gateway);
    }
    const answer = await ask(0, true);
    expect([answer.status, answer.retryAfter]).toEqual([429, '60']);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 1004, scope: 'address_connections' });
    for (const client of open.slice(0, 4)) expect(client.isOpen).toBe(true);
    open[0]?.destroy();
    await until('the place is free', async () => {
      const client = await connect(1, 'websocket').catch(() => undefined);
      return client?.isOpen;
    });
    expect(
      await gateways[0]?.metric('limits_hit_total', { limit: 'connections_per_address' }),
    ).toBeGreaterThan(1);
  });

  test('a client that logs in and leaves gives its place back, again and again', async () => {
    far.enrol(alice.id, alice.device(0));
    for (let n = 0; n < 12; n++) {
      const client = await connect(0, n % 2 === 0 ? 'websocket' : 'tcp');
      await client.login({ person: alice, device: alice.device(0) });
      client.close();
      await client.end();
    }
  });

  test('requests that are no upgrade do not take places', async () => {
    for (let n = 0; n < 6; n++) expect((await ask(0, false)).status).toBe(404);
    await connect(0, 'websocket');
  });

  test('a refused TCP client keeps no socket open here, whatever it does', async () => {
    for (let n = 0; n < 4; n++) await connect(0, 'tcp');
    const polite = await Promise.all(Array.from({ length: 5 }, () => expectRefusedTcp(0)));
    expect(polite).toHaveLength(5);
    const rude = connectTcp({ port: gateways[0]!.tcpPort, host: '127.0.0.1', allowHalfOpen: true });
    const closed = new Promise<void>((resolve) => rude.once('close', () => resolve()));
    rude.on('error', () => undefined).resume();
    rude.write('anything');
    const talking = setInterval(() => rude.write('anything'), 50);
    await closed;
    clearInterval(talking);
  }, 15_000);
});

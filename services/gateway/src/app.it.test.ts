import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { sleep } from '@securechat/kernel';
import { openTestRedis, personNamed, RawClient, startOwnRedis, within } from '@securechat/testkit';
import { FarServices } from './testing/far-services.ts';
import { startGateway } from './testing/gateway.ts';

test('a stop without a drain, as after a failure, lets go of every client and leaves nothing', async () => {
  const store = await openTestRedis();
  const far = new FarServices(store.url, store.prefix);
  await far.start();
  const gateway = await startGateway({ REDIS_URL: store.url, STREAM_PREFIX: store.prefix });
  const person = personNamed('left');
  far.enrol(person.id, person.device(0));
  const clients = [await RawClient.connect(gateway.websocket), await RawClient.connect(gateway.tcp)];
  await clients[1]?.login({ person, device: person.device(0) });
  try {
    await within(gateway.stop(), 3000, () => 'the stop');
    for (const client of clients) await client.end();
    expect((await store.redis.keys(`${store.prefix}*`)).filter((key) => key.includes(gateway.id))).toEqual(
      [],
    );
  } finally {
    for (const client of clients) client.destroy();
    await gateway.stop();
    await far.stop();
    await store.close();
  }
});

test('a stop is not held up by a client that was still being let in', async () => {
  const server = await startOwnRedis();
  const far = new FarServices(server.url, 'own');
  await far.start();
  const gateway = await startGateway({ REDIS_URL: server.url, STREAM_PREFIX: 'own' });
  // Redis is asked how many connections the address has
  await server.pause();
  const client = connect(gateway.tcp.tcp);
  try {
    await once(client, 'connect');
    const closed = once(client, 'close');
    const stopped = gateway.stop();
    await sleep(200);
    await server.resume();
    await within(Promise.all([stopped, closed]), 8000, () => 'the stop');
  } finally {
    client.destroy();
    await server.resume();
    await far.stop();
    await server.stop();
  }
});

test('two gateways of one name have different ids', async () => {
  const store = await openTestRedis();
  const far = new FarServices(store.url, store.prefix);
  await far.start();
  const env = { REDIS_URL: store.url, STREAM_PREFIX: store.prefix, GATEWAY_ID: 'same' };
  const gateways = [await startGateway(env), await startGateway(env)];
  expect(gateways.every(({ id }) => /^same\.[0-9a-f]{12}$/.test(id))).toBe(true);
  expect(gateways[0]?.id).not.toBe(gateways[1]?.id);
  for (const gateway of gateways) await gateway.stop();
  await far.stop();
  await store.close();
});

test('a client that does not log in is ended after its time, over both doors: 4005', async () => {
  const store = await openTestRedis();
  const far = new FarServices(store.url, store.prefix);
  await far.start();
  const env = { REDIS_URL: store.url, STREAM_PREFIX: store.prefix, GATEWAY_HANDSHAKE_TIMEOUT_MS: '300' };
  const gateway = await startGateway(env);
  try {
    for (const target of [gateway.websocket, gateway.tcp]) {
      const client = await RawClient.connect(target);
      expect(await client.end()).toEqual({ code: 4005, reason: 'the login took too long' });
    }
  } finally {
    await gateway.stop();
    await far.stop();
    await store.close();
  }
});

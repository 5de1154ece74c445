import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import {
  authFor,
  bob,
  helloOf,
  makeChat,
  makeGroupCreate,
  newConversationId,
  type OwnServer,
  type Person,
  personNamed,
  RawClient,
  startOwnRedis,
  until,
} from '@securechat/testkit';
import { Redis } from 'ioredis';
import { FarServices } from '../testing/far-services.ts';
import { startGateway, type TestGateway } from '../testing/gateway.ts';

const PREFIX = 'own';

let server: OwnServer;
let redis: Redis;
let far: FarServices;
let gateway: TestGateway;
let people = 0;
const open: RawClient[] = [];

beforeAll(async () => {
  server = await startOwnRedis({ appendonly: true });
  redis = new Redis(server.url);
  redis.on('error', () => undefined);
  far = new FarServices(server.url, PREFIX);
  await far.start();
  gateway = await startGateway({ REDIS_URL: server.url, STREAM_PREFIX: PREFIX });
}, 60_000);
afterEach(async () => {
  for (const client of open.splice(0)) client.destroy();
  await until('all connections are gone', async () => (await gateway.metric('connections_count')) === 0);
});
afterAll(async () => {
  await gateway?.drain();
  await gateway?.stop();
  await far?.stop();
  redis?.disconnect();
  await server?.stop();
});

function newPerson(devices = 1): Person {
  const person = personNamed(`own-${++people}`, { devices });
  for (const device of person.devices) far.enrol(person.id, device);
  return person;
}

async function connect(): Promise<RawClient> {
  const client = await RawClient.connect(gateway.websocket);
  open.push(client);
  return client;
}

/** Logs in by ticket, which needs neither auth nor Redis. */
async function session(person: Person, index = 0): Promise<RawClient> {
  const client = await connect();
  const device = person.device(index);
  await client.login({ person, device, ticket: far.ticketFor(person.id, device) });
  return client;
}

async function routesOf(person: Person): Promise<{ d: number; s: string }[]> {
  const { user } = far.enrol(person.id, person.device(0));
  return JSON.parse((await redis.hget(`${PREFIX}:{u.${user % 4}}:routes`, String(user))) ?? '[]') as never;
}

async function expectPush(client: RawClient, person: Person, index = 0): Promise<void> {
  const { device } = far.enrol(person.id, person.device(index));
  const seq = far.store(device, undefined);
  await until(
    'the gateway has its stream',
    async () => await far.send(gateway.id, { kind: 'head', to: [[device, seq]] }),
  );
  await client.next('sync_page', ({ through }) => through >= seq);
}

/** Stops Redis and restarts it on the same port; resolves when everyone is connected to it again. */
async function whileRedisIsAway(
  work: () => Promise<void>,
  start: () => Promise<void> = server.start,
): Promise<void> {
  await server.end('SIGKILL');
  await work();
  await start();
  await until('Redis is back', async () => (await redis.ping()) === 'PONG');
}

test('a client that goes away while it is being registered is not counted', async () => {
  const hasty = newPerson(2);
  const client = await connect();
  const options = {
    person: hasty,
    device: hasty.device(0),
    ticket: far.ticketFor(hasty.id, hasty.device(0)),
  };
  const hello = helloOf(options);
  client.send('client_hello', hello);
  const auth = authFor(options, hello, await client.next('server_hello'));
  await redis.call('CLIENT', 'PAUSE', '1200', 'WRITE');
  client.send('client_auth', auth);
  const inLogin = () => gateway.metric('connections_count', { state: 'login' });
  await until('it is being registered', async () => (await inLogin()) === 1);
  client.destroy();
  await until('it is gone', async () => (await gateway.metric('connections_count')) === 0);
  await redis.call('CLIENT', 'UNPAUSE');
  const login = await session(hasty, 1);
  expect(login.isOpen).toBe(true);
  const { device } = far.enrol(hasty.id, hasty.device(1));
  await until('only the one that stayed is registered', async () => {
    const routes = await routesOf(hasty);
    return routes.length === 1 && routes[0]?.d === device;
  });
});

test('when Redis was emptied, everybody is registered again with the old time, and reached', async () => {
  const person = newPerson(2);
  const clients = [await session(person, 0), await session(person, 1)];
  for (const client of clients) {
    client.send('resume', { type: 'resume', cursor: 0 });
    await client.next('sync_page');
  }
  const before = await routesOf(person);
  await redis.flushall();
  await until('both are registered again', async () => (await routesOf(person)).length === 2);
  const bySince = (routes: { s: string }[]) => routes.map(({ s }) => s).toSorted();
  expect(bySince(await routesOf(person))).toEqual(bySince(before));
  for (const [index, client] of clients.entries()) await expectPush(client, person, index);
  expect(gateway.log.map(({ msg }) => msg)).toContain(
    'Redis lost this gateway; registering everything again',
  );
});

test('a session that began while Redis was away is registered when it is back, though Redis lost nothing', async () => {
  const person = newPerson();
  let client: RawClient | undefined;
  await whileRedisIsAway(async () => {
    client = await session(person);
    client.send('resume', { type: 'resume', cursor: 0 });
  });
  await until('it is registered', async () => (await routesOf(person)).length === 1);
  await client?.next('sync_page');
  if (client) await expectPush(client, person);
});

test('a Redis that comes back without the last it was told is told everything again', async () => {
  const person = newPerson();
  const client = await session(person);
  client.send('resume', { type: 'resume', cursor: 0 });
  await client.next('sync_page');
  const { user } = far.enrol(person.id, person.device(0));
  await redis.hdel(`${PREFIX}:{u.${user % 4}}:routes`, String(user));
  await whileRedisIsAway(() => Promise.resolve());
  await until('it is registered again', async () => (await routesOf(person)).length === 1);
  await expectPush(client, person);
});

test('a session that was known before keeps its time, whatever fails in between', async () => {
  const person = newPerson();
  await session(person);
  const [before] = await routesOf(person);
  await whileRedisIsAway(
    () => Promise.resolve(),
    () => server.startEmpty(),
  );
  await until('it is registered', async () => (await routesOf(person)).length === 1);
  expect((await routesOf(person))[0]?.s).toBe(before?.s);
});

test('who came too many while Redis was away is sent away when it is back', async () => {
  const person = newPerson(6);
  const clients: RawClient[] = [];
  for (let n = 0; n < 5; n++) clients.push(await session(person, n));
  await whileRedisIsAway(async () => {
    clients.push(await session(person, 5));
  });
  // usually the newest; but one that Redis had not persisted when it was killed may register again after others
  const unlucky = await until('one is sent away', () => clients.find(({ isOpen }) => !isOpen), 15_000);
  expect(await unlucky.next('error')).toMatchObject({ code: 1004, scope: 'user_connections' });
  expect((await unlucky.end()).code).toBe(4429);
  await until('the others are registered', async () => (await routesOf(person)).length === 5);
  expect(clients.filter(({ isOpen }) => isOpen)).toHaveLength(5);
});

test('while Redis is away a chat is refused with 2002 and may be sent again', async () => {
  const person = newPerson();
  const client = await session(person);
  const source = { from: person, device: person.device(0), to: 'bob', conversationId: newConversationId() };
  const chat = makeChat({ ...source, clientSeq: 1, payload: 'x' });
  await whileRedisIsAway(async () => {
    client.send('chat', chat);
    expect(await client.next('error')).toMatchObject({
      code: 2002,
      error_code: 'SERVER_UNAVAILABLE',
      reference_id: chat.id,
      retry_after_ms: 1000,
    });
  });
  await until('it is taken', async () => {
    client.send('chat', chat);
    return (await client.nextOf(['ack', 'error'])).type === 'ack';
  });
});

test('while Redis is away there are no group operations, whatever the user has left of a minute', async () => {
  const person = newPerson();
  const client = await session(person);
  const operation = makeGroupCreate({ creator: person, device: person.device(0), peer: bob });
  await whileRedisIsAway(async () => {
    client.send('group_create', operation);
    expect(await client.next('error')).toMatchObject({ code: 2002, reference_id: operation.id });
  });
  await until('it is taken', async () => {
    client.send('group_create', operation);
    return (await client.nextOf(['ack', 'error'])).type === 'ack';
  });
});

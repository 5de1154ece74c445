import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createRevocationSet, type RevocationSet } from '@securechat/directory';
import {
  LoginRefused,
  openTestRedis,
  type Person,
  personNamed,
  RawClient,
  type TestRedis,
  until,
} from '@securechat/testkit';
import { FarServices } from './testing/far-services.ts';
import { startGateway, type TestGateway } from './testing/gateway.ts';

/** The promised time from a revocation to the last gateway. */
const PROMISE_MS = 5_000;

let store: TestRedis;
let far: FarServices;
let gateway: TestGateway;
let set: RevocationSet;
let people = 0;
const open: RawClient[] = [];

beforeAll(async () => {
  store = await openTestRedis();
  far = new FarServices(store.url, store.prefix);
  await far.start();
  gateway = await startGateway({ REDIS_URL: store.url, STREAM_PREFIX: store.prefix });
  set = createRevocationSet(store.redis, { prefix: store.prefix });
});
afterEach(() => {
  far.onAuth = (ask) => far.answerAuth(ask);
  for (const client of open.splice(0)) client.destroy();
});
afterAll(async () => {
  await gateway?.drain();
  await gateway?.stop();
  await far?.stop();
  await store?.close();
});

function newPerson(): { person: Person; device: number } {
  const person = personNamed(`revoked-${++people}`, { devices: 1 });
  return { person, device: far.enrol(person.id, person.device(0)).device };
}

async function login(person: Person, ticket?: string): Promise<RawClient> {
  const client = await RawClient.connect(gateway.websocket);
  open.push(client);
  await client.login({ person, device: person.device(0), ticket });
  return client;
}

const byTicket = (person: Person) => login(person, far.ticketFor(person.id, person.device(0)));
const logins = (by: 'ticket' | 'auth') => gateway.metric('logins_total', { by });

test('a revoked device is closed with 4505 within the promise, and its ticket is worth nothing', async () => {
  const { person, device } = newPerson();
  const client = await byTicket(person);
  const other = await byTicket(newPerson().person);
  far.revoke(device);
  const revokedMs = performance.now();
  await far.publishRevocations();
  expect(await client.end()).toEqual({ code: 4505, reason: 'this device is not served any more' });
  expect(performance.now() - revokedMs).toBeLessThan(PROMISE_MS);
  const refusal = await byTicket(person).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(LoginRefused);
  expect((refusal as LoginRefused).answer).toMatchObject({ code: 1001 });
  expect(other.isOpen).toBe(true);
});

test('auth’s word is no better than a ticket: who is revoked while it is on its way does not get in', async () => {
  const { person, device } = newPerson();
  far.onAuth = (ask) => {
    const answer = far.answerAuth(ask);
    far.revoke(device);
    return answer;
  };
  const client = await RawClient.connect(gateway.websocket);
  open.push(client);
  await client.login({ person, device: person.device(0) }).catch(() => undefined);
  expect((await client.end()).code).toBe(4505);
});

test('without the set no ticket is taken: auth is asked, until the set is there again', async () => {
  const { person } = newPerson();
  const before = { ticket: await logins('ticket'), auth: await logins('auth') };
  // nobody republishes it meanwhile
  far.stopPublishing();
  await store.redis.del(`${store.prefix}:revoked`);
  await until('the gateway has noticed', async () => {
    await byTicket(person);
    return (await logins('auth')) > before.auth;
  });
  const meanwhile = await logins('ticket');
  await byTicket(person);
  expect(await logins('ticket')).toBe(meanwhile);
  far.startPublishing();
  await until('tickets are taken again', async () => {
    await byTicket(person);
    return (await logins('ticket')) > meanwhile;
  });
});

test('while a device is known to be revoked, nobody’s word lets it in', async () => {
  const { person, device } = newPerson();
  const first = await byTicket(person);
  await set.publish([{ device, isServed: false }], false);
  await first.end();
  // this auth does not know about it yet
  const again = await RawClient.connect(gateway.websocket);
  open.push(again);
  await again.login({ person, device: person.device(0) }).catch(() => undefined);
  expect(await again.end()).toMatchObject({ code: 4505 });
});

test('a device that is served again gets in at once, by auth and then by ticket', async () => {
  const { person, device } = newPerson();
  const first = await byTicket(person);
  await set.publish([{ device, isServed: false }], false);
  expect((await first.end()).code).toBe(4505);
  await set.publish([{ device, isServed: true }], false);
  const again = await login(person);
  expect(again.isOpen).toBe(true);
  const before = await logins('ticket');
  await byTicket(person);
  expect(await logins('ticket')).toBe(before + 1);
});

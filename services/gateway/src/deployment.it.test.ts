import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@securechat/kernel';
import { neededCapability, upstreamNames } from '@securechat/protocol';
import { streamNames } from '@securechat/protocol/internal';
import {
  alice,
  bob,
  makeChat,
  makeGroupCreate,
  openTestRedis,
  RawClient,
  type TestRedis,
  until,
} from '@securechat/testkit';
import { createDeployment, type Deployment } from './deployment.ts';
import { FarServices } from './testing/far-services.ts';
import { startGateway, type TestGateway } from './testing/gateway.ts';

let store: TestRedis;
const undo: (() => Promise<unknown> | unknown)[] = [];

beforeEach(async () => {
  store = await openTestRedis();
  undo.push(() => store.close());
});
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

describe('a capability of the server', () => {
  function open(): Deployment {
    const streams = streamNames({ prefix: store.prefix, partitions: 1 });
    const logger = createLogger({ service: 'gateway', instance: 'test', level: 'silent' });
    const deployment = createDeployment({ redis: store.redis, streams, logger });
    undo.push(() => deployment.stop());
    return deployment;
  }
  const begin = (stream: string) =>
    store.redis.xgroup('CREATE', `${store.prefix}:${stream}`, 'x', '0', 'MKSTREAM');

  test('is announced as soon as a service that does it is there, and not before', async () => {
    const deployment = open();
    await begin('{a.0}:req');
    await deployment.start();
    expect(deployment.capabilities()).toEqual([]);
    await begin('{q.0}:sync');
    await until('delivery is noticed', () => deployment.capabilities().length > 0);
    expect(deployment.capabilities()).toEqual(['message_relay', 'offline_storage']);
  });

  test('is not lost with what Redis holds', async () => {
    await begin('{q.0}:sync');
    const deployment = open();
    await deployment.start();
    await store.redis.del(`${store.prefix}:{q.0}:sync`);
    await deployment.start();
    expect(deployment.capabilities()).toEqual(['message_relay', 'offline_storage']);
  });
});

describe('a capability of the client', () => {
  let far: FarServices;
  let gateway: TestGateway;

  beforeEach(async () => {
    far = new FarServices(store.url, store.prefix);
    await far.start();
    far.enrol(alice.id, alice.device(0));
    gateway = await startGateway({ REDIS_URL: store.url, STREAM_PREFIX: store.prefix });
    undo.push(
      () => far.stop(),
      () => gateway.stop(),
    );
  });

  async function loggedIn(capabilities: string[]): Promise<RawClient> {
    const client = await RawClient.connect(gateway.tcp);
    undo.push(() => client.destroy());
    await client.login({ person: alice, device: alice.device(0), capabilities });
    return client;
  }
  const operation = () => makeGroupCreate({ creator: alice, device: alice.device(0), peer: bob });

  test('a client that did not say that it encrypts sends no content, and is told what is missing', async () => {
    const client = await loggedIn(['groups', 'file_transfer', 'time_travel']);
    const create = operation();
    const chat = makeChat({
      from: alice,
      device: alice.device(0),
      to: bob.id,
      conversationId: create.conversation_id,
      clientSeq: 1,
      payload: 'in plain text',
    });
    client.send('group_create', create);
    client.send('chat', chat);
    for (const { id } of [create, chat]) {
      expect(await client.next('error')).toMatchObject({
        code: 1006,
        error_code: 'CAPABILITY_MISSING',
        capability: 'e2e_encryption',
        reference_id: id,
      });
    }
    client.send('resume', { type: 'resume', cursor: 0 });
    await client.next('sync_page');
    expect(far.messages).toEqual([]);
  });

  test('a client that said so sends it', async () => {
    const client = await loggedIn(['e2e_encryption']);
    const create = operation();
    client.send('group_create', create);
    expect(await client.next('ack')).toMatchObject({ ref: create.id });
  });

  test('nothing that belongs to a login needs one', () => {
    const free = upstreamNames.filter((name) => neededCapability[name] === undefined);
    expect(free).toEqual(
      expect.arrayContaining(['client_hello', 'client_auth', 'ping', 'resume', 'sync', 'ack']),
    );
  });
});

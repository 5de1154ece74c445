import { randomBytes } from 'node:crypto';
import { afterAll, expect } from '@jest/globals';
import { revokeDevice, rowsOf, startPushService, until } from '@securechat/testkit';
import { openPair, type Pair } from '../support/pair.ts';
import { fallAsleep, startBridge, subscribe, webPush } from '../support/push.ts';
import { useConstellation } from '../support/stack.ts';

const DEBOUNCE_MS = 2_000;
const bridgeKey = randomBytes(32).toString('base64');
const [pushes, bridge] = await Promise.all([startPushService(), startBridge(bridgeKey)]);
const stack = useConstellation({
  gateways: 2,
  deliveries: 1,
  pushes: 2,
  env: {
    push: {
      PUSH_WAIT_MS: '500ms',
      PUSH_LOOK_EVERY_MS: '200ms',
      PUSH_DEBOUNCE_MS: `${DEBOUNCE_MS}ms`,
      PUSH_TIMEOUT_MS: '1s',
      PUSH_ALLOWED_ORIGINS: pushes.origin,
      PUSH_BRIDGE_URL: bridge.url,
      PUSH_BRIDGE_KEY: bridgeKey,
    },
  },
});
const { test } = stack;
afterAll(async () => {
  bridge.close();
  await pushes.close();
});

const PATIENT_MS = 60_000;
const rows = (sql: string): Promise<unknown[]> => rowsOf(stack.constellation.stores.postgresUrl, sql);
/** How far the mailbox of a device reaches, and up to where nothing is owed; undefined without a subscription. */
async function standing(endpoint: string) {
  const [found] = (await rows(
    `SELECT m.head_seq::int AS head, m.acked_seq::int AS acked, s.settled_seq::int AS settled, s.unanswered
       FROM push.subscriptions s JOIN push.mailboxes m USING (device_id) WHERE s.target = '${endpoint}'`,
  )) as { head: number; acked: number; settled: number; unanswered: number }[];
  return found;
}
const send = async ({ alices, conversation }: Pair, ...texts: string[]): Promise<void> => {
  for (const text of texts) await alices.sendChat(conversation, text);
};

test('a device that is away is woken once for many messages, and again when more come and time has passed', async () => {
  const pair = await openPair(stack);
  const target = pushes.subscribe();
  await fallAsleep(stack, pair.bob, 1, webPush(target));
  await send(pair, 'one', 'two', 'three');
  await until('Bob’s device is woken', () => target.received.length === 1, PATIENT_MS);
  await send(pair, 'four', 'five');
  await until('it is woken again', () => target.received.length === 2, PATIENT_MS);
  const [first, second] = target.received;
  expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(DEBOUNCE_MS);
  // nothing has come since, and all is settled, which is written after the push service has answered
  await until(
    'both wakes are settled',
    async () => {
      const { head, settled, unanswered } = (await standing(target.endpoint)) ?? {};
      return settled === head && unanswered === 2;
    },
    PATIENT_MS,
  );
  expect(target.requests).toBe(2);
  expect(pushes.faults).toEqual([]);
}, 120_000);

test('a push service learns nothing: every wake has the same size, the same content and no name in it', async () => {
  const pair = await openPair(stack);
  const targets = [pushes.subscribe(), pushes.subscribe()];
  await fallAsleep(stack, pair.bob, 1, webPush(targets[0] as (typeof targets)[0]));
  await fallAsleep(stack, pair.alice, 1, webPush(targets[1] as (typeof targets)[0]));
  await send(pair, 'short');
  await pair.bobs.sendChat({ id: pair.conversation.id, peer: pair.alice.id }, 'long '.repeat(500));
  await until('both are woken', () => targets.every(({ received }) => received.length === 1), PATIENT_MS);
  const received = targets.flatMap((target) => target.received);

  expect(new Set(received.map(({ body }) => body.length)).size).toBe(1);
  expect(received.map(({ content }) => content)).toEqual(['{"type":"wake"}', '{"type":"wake"}']);
  const plain = received.map(({ headers }) => ({ ...headers, authorization: 'vapid' }));
  expect(plain[1]).toEqual(plain[0]);
  for (const { vapid, headers, body } of received) {
    expect(Object.keys(vapid.claims).sort()).toEqual(['aud', 'exp', 'sub']);
    expect(vapid.claims.sub).toBe('mailto:admin@example.com');
    const seen = JSON.stringify([headers, vapid, body.toString('latin1')]);
    for (const name of [pair.alice.id, pair.bob.id, pair.conversation.id]) expect(seen).not.toContain(name);
  }
  const [one, two] = received;
  expect(one?.body.subarray(0, 86).equals(two?.body.subarray(0, 86) ?? Buffer.alloc(0))).toBe(false);
  const logs = stack.constellation.pushes.flatMap(({ log }) => log).join('\n');
  for (const { endpoint } of targets) expect(logs).not.toContain(new URL(endpoint).pathname);
}, 120_000);

test('who is there and takes what comes is not woken, nor anybody for what they wrote elsewhere', async () => {
  const pair = await openPair(stack);
  const [there, away] = [pushes.subscribe(), pushes.subscribe()];
  const asked = await fallAsleep(stack, pair.bob, 1, webPush(away));
  expect(asked.id).toBe(pair.bob.device(1).id);
  const { client } = await stack.login(pair.alice, { device: 1 });
  await subscribe(client, webPush(there));
  client.send('resume', { type: 'resume', cursor: 0 });
  const taking = (async () => {
    for (let through = 0; ; ) {
      const next = await client.nextOf(['sync_page', 'chat'], PATIENT_MS).catch(() => undefined);
      if (next === undefined) return;
      through =
        next.type === 'chat' ? (next.delivery?.seq ?? through) : (next as { through: number }).through;
      client.send('ack', { type: 'ack', through });
    }
  })();
  const back = { id: pair.conversation.id, peer: pair.alice.id };
  for (let count = 0; count < 20; count += 1) await pair.bobs.sendChat(back, `own ${count}`);
  await until(
    'nothing is owed to Bob’s other device',
    async () => {
      const { head = -1, settled } = (await standing(away.endpoint)) ?? {};
      return settled === head;
    },
    PATIENT_MS,
  );
  await until('Alice has taken all', async () => {
    const { head, acked } = (await standing(there.endpoint)) ?? {};
    return head === acked;
  });
  // the same message from somebody else wakes at once
  await send(pair, 'and now');
  await until('Bob’s device is woken', () => away.received.length === 1, PATIENT_MS);
  expect({ away: away.requests, there: there.requests }).toEqual({ away: 1, there: 0 });
  client.close();
  await taking;
}, 120_000);

test('what fails is tried again by the policy of the seed, and what has to wait waits as long as it was told', async () => {
  const pair = await openPair(stack);
  const [failing, busy] = [pushes.subscribe(), pushes.subscribe()];
  failing.answers.push({ status: 500 }, { status: 503 });
  busy.answers.push({ status: 429, headers: { 'retry-after': '3' } });
  await fallAsleep(stack, pair.bob, 1, webPush(failing));
  await fallAsleep(stack, pair.alice, 1, webPush(busy));
  const startedAtMs = Date.now();
  await send(pair, 'hello');
  await pair.bobs.sendChat({ id: pair.conversation.id, peer: pair.alice.id }, 'hello');
  await until('both are woken', () => failing.received.length + busy.received.length === 2, PATIENT_MS);
  expect([failing.requests, busy.requests]).toEqual([3, 2]);
  // 1 s and 2 s, a tenth less at most
  expect((failing.received[0]?.atMs ?? 0) - startedAtMs).toBeGreaterThanOrEqual(2_700);
  expect((busy.received[0]?.atMs ?? 0) - startedAtMs).toBeGreaterThanOrEqual(3_000);
}, 120_000);

test('a subscription that is dead is removed, and so is that of a revoked device', async () => {
  const pair = await openPair(stack);
  const [dead, revoked] = [pushes.subscribe(), pushes.subscribe()];
  dead.answers.push({ status: 410 });
  await fallAsleep(stack, pair.bob, 1, webPush(dead));
  await fallAsleep(stack, pair.alice, 1, webPush(revoked));
  await send(pair, 'hello');
  await until('the dead one is gone', async () => (await standing(dead.endpoint)) === undefined, PATIENT_MS);
  expect(dead.requests).toBe(1);
  const { client } = await stack.login(pair.bob, { device: 1 });
  client.send('device_list', { type: 'device_list', id: 'list', user_id: pair.alice.id });
  const { type, ref, ...list } = await client.next('device_list');
  expect([type, ref]).toEqual(['device_list', 'list']);
  await revokeDevice(stack.constellation.authUrl, pair.alice, pair.alice.device(1), list);
  await until('the other is gone', async () => (await standing(revoked.endpoint)) === undefined, PATIENT_MS);
  expect(revoked.requests).toBe(0);
}, 120_000);

test('a process that is killed at a request loses no wake and makes no flood of them', async () => {
  const pair = await openPair(stack);
  const target = pushes.subscribe();
  target.answers.push('hang');
  await fallAsleep(stack, pair.bob, 1, webPush(target));
  await send(pair, 'hello');
  await until('a request is under way', () => target.requests === 1, PATIENT_MS);
  for (const process of stack.constellation.pushes) await process.kill('SIGKILL');
  expect(target.received).toEqual([]);
  for (const process of stack.constellation.pushes) await process.restart();
  await until('Bob’s device is woken', () => target.received.length === 1, PATIENT_MS);
  await until('it is written down', async () => (await standing(target.endpoint))?.unanswered === 1);
  expect(target.requests).toBe(2);
}, 180_000);

test('the operator’s bridge gets signed requests of one size that cannot be repeated', async () => {
  const pair = await openPair(stack);
  await fallAsleep(stack, pair.bob, 1, { bridge: { token: 'apns:1' } });
  await fallAsleep(stack, pair.alice, 1, { bridge: { token: `fcm:${'t'.repeat(900)}` } });
  await send(pair, 'hello');
  await pair.bobs.sendChat({ id: pair.conversation.id, peer: pair.alice.id }, 'hello');
  await until('both are woken', () => bridge.bodies.length === 2, PATIENT_MS);
  expect(bridge.refused).toEqual([]);
  expect(new Set(bridge.bodies.map(({ length }) => length)).size).toBe(1);
  const tokens = bridge.bodies.map((body) => JSON.parse(body.toString('utf8')));
  expect(tokens).toContainEqual({ type: 'wake', token: 'apns:1' });
}, 120_000);

test('a client learns how it stands, and what it may not name has no effect', async () => {
  const { bob } = await openPair(stack);
  const { client, serverHello } = await stack.login(bob, { device: 1 });
  expect(serverHello.capabilities).toContain('push_notifications');
  const target = pushes.subscribe();
  const none = await subscribe(client);
  expect(none).toMatchObject({ subscribed: 'nothing', has_bridge: true });
  const inside = { web_push: { endpoint: 'https://127.0.0.1/latest', ...target.keys } };
  const badForm = { error_code: 'INVALID_MESSAGE_FORMAT', reference_id: 'subscribe' };
  expect(await subscribe(client, inside)).toMatchObject(badForm);
  const noKey = {
    web_push: { endpoint: target.endpoint, ...target.keys, p256dh: randomBytes(65).toString('base64') },
  };
  expect(await subscribe(client, noKey)).toMatchObject(badForm);
  expect(await subscribe(client, { ...webPush(target), bridge: { token: 'x' } })).toMatchObject(badForm);
  expect(await subscribe(client)).toEqual(none);
  expect(await subscribe(client, webPush(target))).toMatchObject({ subscribed: 'web_push' });
  client.send('push_unsubscribe', { type: 'push_unsubscribe', id: 'off' });
  expect(await client.next('push_unsubscribe')).toEqual({ type: 'push_unsubscribe', ref: 'off' });
  expect(await subscribe(client)).toEqual(none);
}, 120_000);

import { afterAll, expect } from '@jest/globals';
import { openPush } from '@securechat/client/push';
import { startPushService, until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { texts, useDevices } from './support/people.ts';

const pushes = await startPushService();
const stack = useConstellation({
  gateways: 1,
  deliveries: 1,
  pushes: 1,
  env: {
    push: { PUSH_WAIT_MS: '500ms', PUSH_LOOK_EVERY_MS: '200ms', PUSH_ALLOWED_ORIGINS: pushes.origin },
  },
});
const { test } = stack;
const devices = useDevices(stack);
afterAll(() => pushes.close());

const PATIENT_MS = 60_000;

test('an app on Node is woken at the endpoint that it gave, and not when it has taken it back', async () => {
  const [alice, bob] = await Promise.all([devices.signUp('alice'), devices.signUp('bob')]);
  const chat = await alice.client.direct(bob.client.me.userId);
  await chat.send('hello');
  await until('Bob has it', () => texts(bob.seen).includes('hello'), PATIENT_MS);

  const push = openPush(bob.client);
  expect(push.isServed).toBe(true);
  expect(await push.state()).toMatchObject({ subscribed: 'nothing', hasBridge: false });
  const { endpoint, keys, ...target } = pushes.subscribe();
  // as a distributor writes them
  const unpadded = (text: string): string => Buffer.from(text, 'base64').toString('base64url');
  const given = { endpoint, keys: { p256dh: unpadded(keys.p256dh), auth: unpadded(keys.auth) } };
  const { subscribed, vapidPublicKey } = await push.enable(given);
  expect([subscribed, vapidPublicKey.length]).toEqual(['web_push', 65]);
  await expect(push.enable({ bridge: 'token' })).rejects.toMatchObject({ name: 'ServerRefused' });

  await bob.client.close();
  await chat.send('are you there?');
  await until('Bob is woken', () => target.received.length === 1, PATIENT_MS);
  expect(Buffer.from(vapidPublicKey).equals(target.received[0]?.vapid.publicKey ?? Buffer.alloc(0))).toBe(
    true,
  );

  const back = await devices.restart(bob);
  await until('Bob has that too', () => texts(back.seen).includes('are you there?'), PATIENT_MS);
  await openPush(back.client).disable();
  expect(await openPush(back.client).state()).toMatchObject({ subscribed: 'nothing' });
}, 240_000);

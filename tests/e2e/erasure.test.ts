import { afterAll, expect } from '@jest/globals';
import { enrol, findWords, personNamed, rowsOf, startPushService, until } from '@securechat/testkit';
import { makeFile, offer } from '../support/files.ts';
import { fromTheOtherSide } from '../support/pair.ts';
import { subscribe, webPush } from '../support/push.ts';
import { useConstellation } from '../support/stack.ts';

const ADMIN = 'an admin token of more than 32 characters';
const pushes = await startPushService();
const stack = useConstellation({
  redis: 'own',
  gateways: 2,
  deliveries: 1,
  presences: 1,
  files: 1,
  pushes: 1,
  env: {
    auth: { AUTH_ADMIN_TOKEN: ADMIN, AUTH_ERASURE_GRACE_MS: '1s' },
    files: { FILES_SWEEP_EVERY: '1s' },
    push: { PUSH_ALLOWED_ORIGINS: pushes.origin },
  },
});
const { test } = stack;
afterAll(() => pushes.close());
const PATIENT_MS = 60_000;

type Receipt = {
  state: string;
  removed: Record<string, number>;
  waiting: Record<string, number>;
  subject_sha256: string;
};

async function admin<T>(method: string, path: string): Promise<{ status: number; body: T }> {
  const response = await fetch(`${stack.constellation.authUrl}/v1/admin/${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN}` },
  });
  return { status: response.status, body: (await response.json()) as T };
}

/** Where in all stores and logs this user is named. */
function tracesOf(userId: string): Promise<string[]> {
  const { stores, auths, deliveries, presences, files, pushes: pushers, gateways } = stack.constellation;
  const processes = [...auths, ...deliveries, ...presences, ...files, ...pushers, ...gateways];
  return findWords([userId], {
    postgresUrl: stores.postgresUrl,
    redisUrl: stores.redisUrl,
    texts: Object.fromEntries(processes.map(({ name, log }) => [name, log.join('\n')])),
  });
}

/** Alice has used everything there is; a device of Bob has been away all the time. */
async function aliceUsesEverything() {
  const [alice, bob, carol] = [
    await stack.person('canary_alice', { devices: 2 }),
    await stack.person('bob', { devices: 2 }),
    await stack.person('carol', { devices: 1 }),
  ];
  const alices = await stack.open(alice, { where: 0 });
  const bobs = await stack.open(bob, { where: 1 });
  const carols = await stack.open(carol, { where: 0 });
  const direct = await alices.groups.createDirect(bob);
  const group = await alices.groups.createGroup([bob, carol]);
  await until('all know the group', () => [bobs, carols].every((c) => c.conversations.has(group.id)));
  await alices.sendChat(direct, 'to Bob alone');
  await alices.sendChat(group, 'to all');
  await bobs.sendChat(fromTheOtherSide(direct, alice), 'to Alice alone');
  const { client: laptop } = await stack.login(alice, { device: 1 });
  await offer(laptop, makeFile(10_000, 5_000), direct.id);
  await subscribe(laptop, webPush(pushes.subscribe()));
  laptop.send('block', { type: 'block', id: 'b', user_id: carol.id });
  await laptop.next('block');
  laptop.send('presence_privacy', {
    type: 'presence_privacy',
    id: 'p',
    status_to: 'nobody',
    last_seen: 'hidden',
  });
  await laptop.next('presence_privacy');
  return { alice, bob, carol, alices, bobs, carols, direct, group };
}

const ASK_EVERY_MS = 500;

test('a user is erased: cut off at once, gone from all stores and logs, with a receipt; others chat on', async () => {
  const { alice, bob, alices, bobs, carols, direct, group } = await aliceUsesEverything();
  const exported = await admin<Record<string, object>>('GET', `accounts/${alice.id}/export`);
  expect(exported.body).toMatchObject({
    auth: { user_id: alice.id, devices: [{}, {}] },
    delivery: {
      conversations: [
        { kind: 'direct', with: bob.id },
        { kind: 'group', role: 'owner' },
      ],
    },
    files: { files: [{ bytes: 0 }] },
    push: { subscriptions: [{ kind: 'web_push' }] },
    presence: { settings: { status_to: 'nobody' } },
  });
  const shown = JSON.stringify(exported.body);
  for (const said of ['to Bob alone', 'to all']) expect(shown).not.toContain(btoa(said));

  const asked = await admin<{ erasure_id: string }>('DELETE', `accounts/${alice.id}`);
  expect(asked.status).toBe(202);
  await until('Alice is out', () => alices.endedBy !== undefined, PATIENT_MS);
  // asked again it is the same, and there is no way back
  expect((await admin('DELETE', `accounts/${alice.id}`)).body).toEqual(asked.body);
  expect(await admin('POST', `accounts/${alice.id}/enable`)).toMatchObject({ status: 409 });

  // as seldom as a backend would ask: keys have a limit of their own
  const receipt = async (): Promise<Receipt> => {
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    return (await admin<Receipt>('GET', `erasures/${asked.body.erasure_id}`)).body;
  };
  await until(
    'the keys are waited for, and Bob’s other device',
    async () => {
      const { waiting } = await receipt();
      return waiting['delivery.keys_to_change'] === 1 && (waiting['delivery.operations_under_way'] ?? 0) > 0;
    },
    PATIENT_MS,
  );
  // whoever erases dies, and another one goes on
  const [auth] = stack.constellation.auths;
  await auth?.kill('SIGKILL');
  await auth?.restart();

  // Bob is told to take her out of the keys, and does; then everybody fetches what has waited
  await bobs.sendChat(group, 'she is gone');
  const elsewhere = await stack.open(bob, { where: 0, device: 1 });
  await until('Carol has it', () =>
    carols.received.some(({ payload }) => payload.toString() === 'she is gone'),
  );
  await until('all is gone', async () => (await receipt()).state === 'finished', PATIENT_MS);

  const done = await receipt();
  expect(done).toMatchObject({
    waiting: {},
    removed: {
      'auth.users': 1,
      'auth.devices': 2,
      'delivery.conv_members': 2,
      'delivery.blocks': 1,
      'files.files': 1,
      'files.storage': 1,
      'presence.settings': 1,
    },
  });
  expect(JSON.stringify(done)).not.toContain(alice.id);
  expect(await tracesOf(alice.id)).toEqual([]);
  expect(await tracesOf(bob.id)).not.toEqual([]);
  const audited = await rowsOf(
    stack.constellation.stores.postgresUrl,
    `SELECT action FROM auth.audit_log WHERE action IN ('erase_account', 'export_account') ORDER BY id`,
  );
  expect(audited).toEqual([{ action: 'export_account' }, { action: 'erase_account' }]);

  await carols.sendChat(group, 'on we go');
  await until('both of Bob have it', () =>
    [bobs, elsewhere].every((c) => c.received.some(({ payload }) => payload.toString() === 'on we go')),
  );
  await expect(bobs.sendChat(fromTheOtherSide(direct, alice), 'anybody?')).rejects.toMatchObject({
    answer: { error_code: 'PERMISSION_DENIED' },
  });
  // the name is free, for somebody with other keys
  await enrol(stack.constellation.authUrl, personNamed(alice.id));
  expect((await admin('GET', `accounts/${alice.id}`)).status).toBe(200);
}, 240_000);

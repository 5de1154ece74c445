import { afterAll, expect } from '@jest/globals';
import { enrol, personNamed, rowsOf, startWebhookReceiver, until } from '@securechat/testkit';
import { openPair } from '../support/pair.ts';
import { useConstellation } from '../support/stack.ts';

const ADMIN = 'an admin token of more than 32 characters';
const receiver = await startWebhookReceiver();
const allowed = { WEBHOOK_ALLOWED_ORIGINS: receiver.origin };
const stack = useConstellation({
  redis: 'own',
  auths: 2,
  gateways: 2,
  deliveries: 2,
  pushes: 2,
  env: {
    auth: { AUTH_ADMIN_TOKEN: ADMIN, ...allowed },
    push: { PUSH_LOOK_EVERY_MS: '200ms', PUSH_TIMEOUT_MS: '1s', ...allowed },
  },
});
const { test } = stack;
afterAll(() => receiver.close());

const PATIENT_MS = 120_000;
const PEOPLE = 120;

async function createWebhook(events: string[]): Promise<void> {
  const response = await fetch(`${stack.constellation.authUrl}/v1/admin/webhooks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url: `${receiver.origin}/hook`, events }),
  });
  expect(response.status).toBe(201);
  const { secret } = (await response.json()) as { secret: string };
  receiver.secrets.push(Buffer.from(secret.slice('whsec_'.length), 'base64'));
}
const told = () =>
  receiver.received.map(
    ({ body }) => JSON.parse(body.toString()) as { type: string; data: { user_id?: string } },
  );

test('whoever is killed in between, a backend is told of every account that was made, and of no other', async () => {
  await createWebhook(['user.created', 'conversation.created']);
  const { auths, pushes, stores } = stack.constellation;
  const made = new Set<string>();
  const asked = new Set<string>();
  let isStriking = true;
  const enrolling = (async () => {
    for (let n = 0; n < PEOPLE; n += 1) {
      const person = personNamed(`person_${n}`, { devices: 1 });
      asked.add(person.id);
      // an auth that is killed may have made the account and not have said so
      const url = auths[n % 2]?.url ?? '';
      await enrol(url, person).then(
        () => made.add(person.id),
        () => new Promise((resolve) => setTimeout(resolve, 100)),
      );
      if (n % 10 === 0) receiver.answers.push('hang', 500);
    }
    isStriking = false;
  })();
  for (let blow = 0; isStriking; blow += 1) {
    const victim = [pushes[0], auths[1], pushes[1]][blow % 3];
    await victim?.kill('SIGKILL');
    await victim?.restart();
  }
  await enrolling;
  await stores.ownRedis?.end('SIGKILL');
  await stores.ownRedis?.start();

  const accounts = new Set(
    (await rowsOf<{ ext_id: string }>(stores.postgresUrl, 'SELECT ext_id FROM auth.users')).map(
      ({ ext_id }) => ext_id,
    ),
  );
  for (const name of made) expect(accounts).toContain(name);
  await until('nothing waits to be told', async () => (await waiting()) === 0, PATIENT_MS);
  const names = new Set(told().flatMap(({ type, data }) => (type === 'user.created' ? [data.user_id] : [])));
  expect(names).toEqual(accounts);
  // sent again by the same id, so that a backend can tell
  expect(new Set(receiver.received.map(({ id }) => id)).size).toBe(accounts.size);
  expect(receiver.refused).toEqual([]);
  expect(made.size).toBeGreaterThan(PEOPLE / 2);
}, 300_000);

const waiting = async (): Promise<number> =>
  (await rowsOf(stack.constellation.stores.postgresUrl, 'SELECT FROM auth.webhook_events')).length;

test('a conversation that people begin is told, without who they are', async () => {
  const before = receiver.received.length;
  const { conversation, alice, bob } = await openPair(stack);
  const news = () =>
    receiver.received
      .slice(before)
      .map(({ body }) => body.toString())
      .filter((body) => body.includes('conversation.created'));
  await until('the backend is told', () => news().length === 1, PATIENT_MS);
  expect(JSON.parse(news()[0] ?? '').data).toEqual({ conversation_id: conversation.id, kind: 'direct' });
  for (const { id } of [alice, bob]) expect(news()[0]).not.toContain(id);
}, 120_000);

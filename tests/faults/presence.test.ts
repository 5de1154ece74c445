import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { askRedis, type Person, type RawClient, rowsOf, until } from '@securechat/testkit';
import { fromTheOtherSide, openPair } from '../support/pair.ts';
import { useConstellation } from '../support/stack.ts';
import { ms, report } from '../support/traffic.ts';

const stack = useConstellation({ gateways: 2, deliveries: 1, presences: 2 });
const { test } = stack;

const PEOPLE = 200;
/** What operators are promised: a lease, and what it takes to notice and to tell. */
const OFFLINE_WITHIN_MS = 45_000;
const LOGINS_AT_ONCE = 20;

async function inParts<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < all.length; at += LOGINS_AT_ONCE)
    results.push(...(await Promise.all(all.slice(at, at + LOGINS_AT_ONCE).map(work))));
  return results;
}

/** Everybody into one group, and to be seen there. Put in by hand: how groups come about is proved elsewhere. */
async function makeGroup(people: readonly Person[]): Promise<void> {
  const names = people.map(({ id }) => `'${id}'`).join();
  await rowsOf(
    stack.constellation.stores.postgresUrl,
    `WITH made AS (
       INSERT INTO delivery.conversations (ext_id, kind) VALUES ('c_everybody_in_it_____', 'group') RETURNING id),
     members AS (
       INSERT INTO delivery.conv_members (conv_id, user_id, user_name, joined_seq)
       SELECT made.id, u.id, u.ext_id, 1 FROM made, auth.users u WHERE u.ext_id IN (${names}))
     INSERT INTO presence.settings (user_id, status_to)
     SELECT id, 'conversations' FROM auth.users WHERE ext_id IN (${names})`,
  );
}

async function comeOnline(person: Person, where: number, device = 0): Promise<RawClient> {
  const { client } = await stack.login(person, { where, device });
  client.send('presence', { type: 'presence', status: 'online' });
  return client;
}

test('the people of a gateway that is killed are all offline within 45 s, and online again when they have come back', async () => {
  const names = Array.from({ length: PEOPLE }, (_, n) => `person-${n}`);
  const people = await inParts(names, (name) => stack.person(name, { devices: 1 }));
  const observer = await stack.person('observer', { devices: 1 });
  await makeGroup([observer, ...people]);
  await inParts(people, (person) => comeOnline(person, 0));

  const { client } = await stack.login(observer, { where: 1 });
  const seen = new Map<string, string>();
  client.listen(({ message }) => {
    if (message?.type === 'presence') seen.set(message.user_id, message.status);
    if (message?.type === 'presence_subscribe')
      for (const { user_id, status } of message.states) seen.set(user_id, status);
  });
  const user_ids = people.map(({ id }) => id);
  client.send('presence_subscribe', { type: 'presence_subscribe', id: 'watch', user_ids });
  const count = (wanted: string): number => user_ids.filter((id) => seen.get(id) === wanted).length;
  await until('all are online', () => count('online') === PEOPLE, 60_000);

  const [doomed] = stack.constellation.gateways;
  await doomed?.kill('SIGKILL');
  const killedAtMs = performance.now();
  await until('all are offline', () => count('offline') === PEOPLE, 2 * OFFLINE_WITHIN_MS);
  const offlineAfterMs = performance.now() - killedAtMs;
  report('gateway killed', `all ${PEOPLE} of its people offline after ${ms(offlineAfterMs)}`);
  expect(offlineAfterMs).toBeLessThan(OFFLINE_WITHIN_MS);

  await inParts(people, (person) => comeOnline(person, 1));
  await until('all are online again', () => count('online') === PEOPLE, 60_000);
  await doomed?.restart();
}, 300_000);

test('without presence messages go on as ever, and when it is back everybody is seen again', async () => {
  const { alices, bobs, bob, conversation } = await openPair(stack, { alice: 1, bob: 1 });
  await bobs.sendChat(fromTheOtherSide(conversation, alices.person), 'hello');
  const asBob = await comeOnline(bob, 1, 1);
  const { client } = await stack.login(alices.person, { where: 1, device: 1 });
  const statusOfBob = async (): Promise<string | undefined> => {
    client.send('presence_subscribe', { type: 'presence_subscribe', id: 'watch', user_ids: [bob.id] });
    const answer = await client.nextOf(['presence_subscribe', 'error'], 20_000);
    return answer.type === 'presence_subscribe' ? answer.states[0]?.status : answer.error_code;
  };
  /** Who asks more than 30 times a minute is not heard. */
  const isSeen = async (): Promise<boolean> => {
    await sleep(3_000);
    return (await statusOfBob()) === 'online';
  };
  await until('Bob is seen', isSeen, 30_000);

  const { presences, stores, streamPrefix } = stack.constellation;
  for (const presence of presences) await presence.kill('SIGKILL');
  expect(await statusOfBob()).toBe('NETWORK_TIMEOUT');
  for (let n = 0; n < 20; n++) await alices.sendChat(conversation, `message ${n}`);
  await until('Bob has all', () => bobs.received.length >= 20);

  // everything that presence knew is gone as well
  const keys = (await askRedis(stores.redisUrl, 'KEYS', `${streamPrefix}:{s.*`)) as string[];
  expect(keys.length).toBeGreaterThan(0);
  await askRedis(stores.redisUrl, 'DEL', ...keys);
  for (const presence of presences) await presence.restart();
  await until('Bob is seen again', isSeen, 60_000);
  asBob.close();
}, 120_000);

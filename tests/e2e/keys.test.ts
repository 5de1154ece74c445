import { describe, expect } from '@jest/globals';
import { sha256, verifySignature } from '@securechat/crypto/sign';
import { keyExchangeTranscript, type SignedDeviceList, type Upstream } from '@securechat/protocol';
import { type Login, makeKeyExchange, newMessageId, type Person, type RawClient } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';

const stack = useConstellation({ auths: 2, deliveries: 1 });
const { test } = stack;

type Online = { person: Person; client: RawClient; list: SignedDeviceList } & Login;

async function online(name: string, where: number, device = 0, known?: Person): Promise<Online> {
  const person = known ?? (await stack.person(name));
  const { client, ...login } = await stack.login(person, { where, device });
  client.send('device_list', { type: 'device_list', id: 'own', user_id: person.id });
  const { type: _, ref: __, ...list } = await client.next('device_list');
  return { person, client, list, ...login };
}

async function upload({ client, list, person }: Online, count: number): Promise<Upstream<'key_exchange'>[]> {
  const uploads = Array.from({ length: count }, () => makeKeyExchange(list, person.device(0)));
  uploads.push(makeKeyExchange(list, person.device(0), { lastResort: true }));
  for (const message of uploads) client.send('key_exchange', message);
  for (const { id } of uploads) await client.next('key_count', ({ ref }) => ref === id);
  return uploads;
}

async function claim({ client }: Online, userId: string, id = newMessageId()) {
  client.send('key_bundle_request', { type: 'key_bundle_request', id, user_id: userId });
  return client.next('key_bundle', ({ ref }) => ref === id);
}

describe('key packages', () => {
  test('go from one person’s device to another’s, each once, and the owner is told when few are left', async () => {
    const [alice, bob] = [await online('alice', 0), await online('bob', 1)];
    // at the login, because there are none
    const first = await bob.client.next('key_count', ({ ref }) => ref === undefined);
    expect(first).toEqual({ type: 'key_count', count: 0, last_resort: false, low_water: 10 });
    const uploads = await upload(bob, 11);

    const got = [];
    for (let n = 0; n < 3; n++) got.push(await claim(alice, bob.person.id));
    const bundles = got.flatMap((answer) => answer.bundles);
    expect(bundles.map(({ key_id }) => key_id)).toEqual(uploads.slice(0, 3).map(({ key_id }) => key_id));
    for (const bundle of bundles) {
      const owner = { user_id: bob.person.id, device_id: bundle.device_id };
      const keyPackageSha256 = sha256(Buffer.from(bundle.key_package, 'base64')).toString('base64');
      const signed = keyExchangeTranscript(owner, bundle, { keyPackageSha256 });
      const key = bob.person.device(0).key.publicKey;
      expect(verifySignature(key, signed, Buffer.from(bundle.signature, 'base64'))).toBe(true);
    }
    for (const count of [9, 8]) {
      const notice = await bob.client.next('key_count', ({ ref }) => ref === undefined);
      expect(notice).toEqual({ type: 'key_count', count, last_resort: true, low_water: 10 });
    }
    bob.client.send('key_count', { type: 'key_count', id: 'how_many' });
    const answer = { type: 'key_count', ref: 'how_many', count: 8, last_resort: true, low_water: 10 };
    expect(await bob.client.next('key_count')).toEqual(answer);
  });

  test('a request that is repeated on another gateway gets the same answer', async () => {
    const bob = await online('bob', 1);
    await upload(bob, 3);
    const alice = await online('alice', 0);
    const before = await claim(alice, bob.person.id, 'same_request');
    alice.client.destroy();
    const again = await online('alice', 1, 0, alice.person);
    expect(await claim(again, bob.person.id, 'same_request')).toEqual(before);
    const next = await claim(again, bob.person.id);
    expect(next.bundles[0]!.key_id).not.toBe(before.bundles[0]!.key_id);
  });

  test('nobody gives a user’s last package away: then comes the last resort, marked', async () => {
    const [alice, bob] = [await online('alice', 0), await online('bob', 1)];
    const uploads = await upload(bob, 1);
    const answers = [];
    for (let n = 0; n < 3; n++) answers.push((await claim(alice, bob.person.id)).bundles[0]!);
    expect(answers.map(({ last_resort }) => last_resort)).toEqual([false, true, true]);
    expect(answers.slice(1).map(({ key_id }) => key_id)).toEqual([uploads[1]!.key_id, uploads[1]!.key_id]);
  });
});

describe('is refused by its name, without effect:', () => {
  test('a key of another type, one that is not the device’s, and a form that is none', async () => {
    const alice = await online('alice', 0);
    const other = await online('mallory', 1);
    const good = makeKeyExchange(alice.list, alice.person.device(0));
    const { key_package: _, ...without } = good;
    const cases: [Upstream<'key_exchange'>, string, RegExp][] = [
      [{ ...good, key_type: 'ephemeral' }, 'KEY_TYPE_REFUSED', /MLS commits/],
      [{ ...good, key_type: 'identity' }, 'KEY_TYPE_REFUSED', /device list/],
      [without, 'INVALID_MESSAGE_FORMAT', /key_package/],
      [makeKeyExchange(other.list, other.person.device(0)), 'INVALID_SIGNATURE', /signature/],
      [makeKeyExchange(alice.list, alice.person.device(1)), 'INVALID_SIGNATURE', /signature/],
      [{ ...good, last_resort: true }, 'INVALID_KEY_PACKAGE', /capabilities/],
    ];
    for (const [message, name, says] of cases) {
      alice.client.send('key_exchange', message);
      const error = await alice.client.next('error');
      expect(error).toMatchObject({ error_code: name, reference_id: message.id });
      expect(error.error_message).toMatch(says);
    }
    alice.client.send('key_count', { type: 'key_count', id: 'left' });
    const counted = await alice.client.next('key_count', ({ ref }) => ref === 'left');
    expect(counted).toMatchObject({ count: 0, last_resort: false });
  });

  test('a request for somebody who does not exist; who exists and has no keys has no bundles', async () => {
    const [alice, bob] = [await online('alice', 0), await stack.person('bob')];
    alice.client.send('key_bundle_request', { type: 'key_bundle_request', id: 'r1', user_id: 'nobody' });
    const error = await alice.client.next('error');
    expect(error).toMatchObject({ code: 1005, error_code: 'USER_NOT_FOUND', reference_id: 'r1' });
    expect(await claim(alice, bob.id)).toMatchObject({ user_id: bob.id, bundles: [] });
  });
});

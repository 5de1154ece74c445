import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { checkKeyPackage } from '../key-package.ts';
import { signingKeyFromSeed } from '../sign.ts';
import { type KeyPackageParts, makeKeyPackage, randomX25519Key } from '../testing/make-key-package.ts';
import { createMlsEngine, type E2eeEngine } from './index.ts';
import { groupOf, Member, nowSeconds, utf8 } from './testing/member.ts';
import { People } from './testing/people.ts';
import { addition, rawCommit, rawState } from './testing/raw.ts';

const DAY = 86_400;
const people = new People();
let engine: E2eeEngine;

beforeAll(async () => {
  engine = await createMlsEngine({ authenticate: people.authenticate });
});

describe('a key package', () => {
  const same = randomX25519Key();
  const wrong: [string, Partial<KeyPackageParts>][] = [
    ['that has expired', { notBefore: nowSeconds() - 80 * DAY, notAfter: nowSeconds() - 60 }],
    ['that is not valid yet', { notBefore: nowSeconds() + 3600 }],
    ['that is valid for longer than 90 days', { notBefore: nowSeconds() - 91 * DAY }],
    ['of another suite', { suite: 3 }],
    ['for another suite', { suites: [3] }],
    ['of another version', { version: 2 }],
    ['with extensions in its leaf', { leafExtensions: [{ type: 1, data: utf8('app') }] }],
    [
      'with an extension of its own',
      { extensions: [{ type: 0x0a0a, data: utf8('x') }], capableExtensions: [0x0a0a] },
    ],
    ['with another kind of credential', { credentialType: 2 }],
    ['with one key for two purposes', { initKey: same, encryptionKey: same }],
    ['with a key that gives everybody the same secret', { initKey: new Uint8Array(32) }],
    ['with such a key in its leaf', { encryptionKey: new Uint8Array(32) }],
    ['with bytes behind its end', { trailing: Uint8Array.of(0) }],
  ];

  test.each(wrong)('%s is added by nobody', async (_, changes) => {
    const [alice] = await groupOf(engine, people, 'alice', 'bob');
    const own = await people.device('carol', 'phone');
    const owner = { key: signingKeyFromSeed(own.secretKey), identity: own.identity };
    const { bytes } = makeKeyPackage(owner, changes);
    await expect(alice.commit({ add: [bytes] })).rejects.toMatchObject({ name: 'E2eeError' });
    await expect(alice.commit({ add: [makeKeyPackage(owner).bytes] })).resolves.toBeDefined();
  });

  const smuggled = wrong.filter(([name]) => /valid for longer|for another suite|extension/.test(name));
  test.each(smuggled)('%s is refused in the commit of a member who adds it', async (_, changes) => {
    const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
    const own = await people.device('carol', 'phone');
    const owner = { key: signingKeyFromSeed(own.secretKey), identity: own.identity };
    const { commit } = await rawCommit(rawState(alice.state, alice.own), [
      addition(makeKeyPackage(owner, changes).bytes),
    ]);
    await expect(bob!.follow(commit)).rejects.toMatchObject({ fault: 'key_package' });
  });

  test('must have been valid when it was added, not when a device hears of it', async () => {
    const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
    const carol = new Member(engine, await people.device('carol', 'phone'));
    const committedAt = nowSeconds();
    const { commit, welcome } = await alice.commit({ add: [await carol.keyPackage()] });
    await expect(engine.apply(bob!.state, commit, committedAt + 90 * DAY)).rejects.toMatchObject({
      fault: 'key_package',
    });
    jest.spyOn(Date, 'now').mockReturnValue((committedAt + 100 * DAY) * 1000);
    try {
      await expect(engine.apply(bob!.state, commit, committedAt)).resolves.toMatchObject({
        committer: { userId: 'alice' },
      });
      await expect(carol.join(welcome!)).resolves.toBeUndefined();
    } finally {
      jest.restoreAllMocks();
    }
  });
});

test('the key packages of the engine are what the server takes', async () => {
  const own = await people.device('alice', 'phone');
  for (const lastResort of [false, true]) {
    const made = await engine.keyPackage(own, { lastResort, nowSeconds: nowSeconds() });
    const expected = {
      ...made,
      deviceKey: own.publicKey,
      identity: own.identity,
      lastResort,
      nowSeconds: nowSeconds(),
    };
    expect(checkKeyPackage(made.bytes, expected)).toMatchObject({ isSound: true });
  }
});

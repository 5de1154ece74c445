import { beforeAll, describe, expect, test } from '@jest/globals';
import { createMlsEngine, type E2eeEngine, type OwnDevice } from './index.ts';
import { groupOf, hex, Member, nowSeconds, utf8 } from './testing/member.ts';
import { People } from './testing/people.ts';
import { addition, rawCommit, rawState } from './testing/raw.ts';

const people = new People();
let engine: E2eeEngine;
/** A member who accepts every leaf. */
let careless: E2eeEngine;

beforeAll(async () => {
  engine = await createMlsEngine({ authenticate: people.authenticate });
  careless = await createMlsEngine({
    authenticate: async ({ publicKey }) => ({
      userId: 'anybody',
      deviceId: hex(publicKey),
    }),
  });
});

const packageOf = async (own: OwnDevice): Promise<Uint8Array> =>
  (await engine.keyPackage(own, { nowSeconds: nowSeconds() })).bytes;

describe('a leaf that nobody has certified', () => {
  test('is added by no member', async () => {
    const [alice] = await groupOf(engine, people, 'alice', 'bob');
    const ghost = await packageOf(await people.device('ghost', 'phone', false));
    await expect(alice.commit({ add: [ghost] })).rejects.toMatchObject({ fault: 'leaf' });
    await expect(
      engine.create(alice.own, utf8('g'), { add: [ghost], nowSeconds: nowSeconds() }),
    ).rejects.toMatchObject({
      fault: 'leaf',
    });
  });

  test('is refused in the commit of a member who adds it', async () => {
    const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
    const ghost = await packageOf(await people.device('ghost', 'phone', false));
    const change = { add: [ghost], remove: [], nowSeconds: nowSeconds() };
    const { commit } = await careless.commit(alice.state, alice.own, change, new Uint8Array());
    await expect(bob!.follow(commit)).rejects.toMatchObject({ fault: 'leaf' });
    expect(await bob!.hear(await alice.say('hello'))).toBe('hello');
  });

  test('keeps others from joining a group that it is in', async () => {
    const [alice] = await groupOf(engine, people, 'alice');
    const bob = new Member(engine, await people.device('bob', 'phone'));
    const ghost = await packageOf(await people.device('ghost', 'phone', false));
    const change = { add: [ghost, await bob.keyPackage()], remove: [], nowSeconds: nowSeconds() };
    const { welcome } = await careless.commit(alice.state, alice.own, change, new Uint8Array());
    await expect(bob.join(welcome!)).rejects.toMatchObject({ fault: 'leaf' });
  });

  test('is not that of a device whose certificate is another’s', async () => {
    const [alice] = await groupOf(engine, people, 'alice', 'bob');
    const bob = await people.device('bob', 'laptop');
    const mallory = await people.device('mallory', 'phone');
    const posing = await packageOf({ ...mallory, identity: bob.identity });
    await expect(alice.commit({ add: [posing] })).rejects.toMatchObject({ fault: 'leaf' });
  });
});

describe('a device is in a group once', () => {
  test('with one key package or two', async () => {
    const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
    const carol = new Member(engine, await people.device('carol', 'phone'));
    for (const add of [[await bob!.keyPackage()], [await carol.keyPackage(), await carol.keyPackage()]]) {
      await expect(alice.commit({ add })).rejects.toMatchObject({ name: 'E2eeError' });
      const { commit } = await smuggle(alice, add);
      await expect(bob!.follow(commit)).rejects.toMatchObject({ name: 'E2eeError' });
    }
  });

  test('with one key or two', async () => {
    const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
    const again = await packageOf(await people.device('bob', 'phone'));
    await expect(alice.commit({ add: [again] })).rejects.toMatchObject({ fault: 'member' });
    const { commit } = await smuggle(alice, [again]);
    await expect(bob!.follow(commit)).rejects.toMatchObject({ fault: 'member' });
  });

  test('but may be removed and added in one commit', async () => {
    const [alice, bob, carol] = await groupOf(engine, people, 'alice', 'bob', 'carol');
    const add = [await packageOf(await people.device('bob', 'phone'))];
    const { commit } = await alice.commit({ add, remove: [bob!.own] });
    const { added, removed } = await carol!.follow(commit);
    expect([added[0]?.deviceId, removed[0]?.deviceId]).toEqual(['phone', 'phone']);
    expect(carol!.roster.sort()).toEqual(['alice:phone', 'bob:phone', 'carol:phone']);
  });
});

/** By a member whose library checks nothing. */
async function smuggle(by: Member, add: readonly Uint8Array[]): Promise<{ commit: Uint8Array }> {
  const raw = rawState(by.state, by.own);
  const keyPackageEqualityConfig = {
    compareKeyPackages: () => false,
    compareKeyPackageToLeafNode: () => false,
  };
  return rawCommit(
    { ...raw, clientConfig: { ...raw.clientConfig, keyPackageEqualityConfig } },
    add.map(addition),
  );
}

describe('a member stays who it is', () => {
  /** Commits with a different credential in its own leaf. */
  async function changeLeaf(member: Member, identity: Uint8Array): Promise<Uint8Array> {
    const raw = rawState(member.state, member.own);
    const index = 2 * raw.privatePath.leafIndex;
    const ratchetTree = raw.ratchetTree.map((node, at) =>
      at === index && node?.nodeType === 'leaf'
        ? { ...node, leaf: { ...node.leaf, credential: { credentialType: 'basic', identity } as const } }
        : node,
    );
    return (await rawCommit({ ...raw, ratchetTree }, [])).commit;
  }

  test('whoever else its leaf claims to be', async () => {
    const [alice, bob] = await groupOf(engine, people, 'alice', 'bob', 'carol');
    const carol = await people.device('carol', 'tablet');
    await expect(bob!.follow(await changeLeaf(alice, carol.identity))).rejects.toMatchObject({
      fault: 'leaf',
    });
  });

  test('even where the same key is certified for another device', async () => {
    const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
    const second = await people.certify('alice', 'tablet', alice.own);
    await expect(bob!.follow(await changeLeaf(alice, second.identity))).rejects.toMatchObject({
      fault: 'leaf',
    });
  });

  test('but may bring a new certificate for the same device', async () => {
    const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
    const renewed = await people.certify('alice', 'phone', alice.own);
    const { committer } = await bob!.follow(await changeLeaf(alice, renewed.identity));
    expect(committer.deviceId).toBe('phone');
  });
});

test('when nobody can be asked who a leaf is, that is said, and it is not the peer’s fault', async () => {
  const away = await createMlsEngine({
    authenticate: () => Promise.reject(new Error('the directory is away')),
  });
  const [alice] = await groupOf(engine, people, 'alice');
  const bob = new Member(away, await people.device('bob', 'phone'));
  const { welcome } = await alice.commit({ add: [await bob.keyPackage()] });
  await expect(bob.join(welcome!)).rejects.toThrow('the directory is away');
});

import { beforeAll, expect, test } from '@jest/globals';
import { createMlsEngine, type E2eeEngine, TooManyDevices } from './index.ts';
import { commitBy, contains, groupOf, hex, Member, textOf, utf8 } from './testing/member.ts';
import { People } from './testing/people.ts';

const people = new People();
let engine: E2eeEngine;

beforeAll(async () => {
  engine = await createMlsEngine({ authenticate: people.authenticate });
});

test('what one says all others hear, with who said it and what was said beside it', async () => {
  const [alice, bob, carol] = await groupOf(engine, people, 'alice', 'bob', 'carol');
  const message = await alice.say('hello', utf8('beside'));
  for (const other of [bob, carol]) {
    const opened = await other!.open(message);
    expect(textOf(opened.plaintext)).toBe('hello');
    expect(textOf(opened.authenticatedData)).toBe('beside');
    expect(opened.sender).toEqual({
      userId: 'alice',
      deviceId: 'phone',
      leafIndex: 0,
      publicKey: alice.own.publicKey,
    });
  }
});

test('a group begins at epoch 0 and counts its commits', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  expect([alice.epoch, bob!.epoch]).toEqual([0, 0]);
  await commitBy(alice, [bob!]);
  await commitBy(bob!, [alice]);
  expect([alice.epoch, bob!.epoch]).toEqual([2, 2]);
  expect(await bob!.hear(await alice.say('still here'))).toBe('still here');
});

test('a commit tells who made it, who came and who went', async () => {
  const [alice, , carol] = await groupOf(engine, people, 'alice', 'bob', 'carol');
  const dave = new Member(engine, await people.device('dave', 'tablet'));
  const change = { add: [await dave.keyPackage()], remove: [{ userId: 'bob', deviceId: 'phone' }] };
  const committed = await alice.commit(change, utf8('the operation'));
  const seen = await carol!.follow(committed.commit);
  expect(seen.committer.userId).toBe('alice');
  expect(seen.added).toMatchObject([{ userId: 'dave', deviceId: 'tablet', publicKey: dave.own.publicKey }]);
  expect(seen.removed).toMatchObject([{ userId: 'bob', leafIndex: 1 }]);
  expect(textOf(seen.authenticatedData)).toBe('the operation');
  alice.state = committed.next;
  await dave.join(committed.welcome!);
  for (const member of [alice, carol!, dave]) {
    expect(member.roster.sort()).toEqual(['alice:phone', 'carol:phone', 'dave:tablet']);
  }
  expect(await carol!.hear(await dave.say('from the new one'))).toBe('from the new one');
});

test('a group may begin alone and be joined later', async () => {
  const [alice] = await groupOf(engine, people, 'alice');
  const bob = new Member(engine, await people.device('bob', 'phone'));
  const { welcome } = await commitBy(alice, [], { add: [await bob.keyPackage()] });
  await bob.join(welcome!);
  expect(await alice.hear(await bob.say('hello'))).toBe('hello');
});

test('one is let in while somebody earlier has not renewed keys yet, and others have', async () => {
  const [alice, bob, carol, dave, erin] = await groupOf(
    engine,
    people,
    'alice',
    'bob',
    'carol',
    'dave',
    'erin',
  );
  await commitBy(carol!, [alice, bob!, dave!, erin!], { remove: [bob!.own] });
  const [frank, grace] = await Promise.all(
    ['frank', 'grace'].map(async (name) => new Member(engine, await people.device(name, 'phone'))),
  );
  const first = await commitBy(alice, [carol!, dave!, erin!], { add: [await frank!.keyPackage()] });
  await frank!.join(first.welcome!);
  // of the keys on frank's path, the upper ones are renewed without him, the lower ones are not
  await commitBy(erin!, [alice, carol!, dave!, frank!]);
  const second = await commitBy(alice, [carol!, dave!, erin!, frank!], { add: [await grace!.keyPackage()] });
  await grace!.join(second.welcome!);
  expect(await grace!.hear(await frank!.say('both of us'))).toBe('both of us');
});

test('a state goes on from its bytes alone', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const other = await createMlsEngine({ authenticate: people.authenticate });
  const again = new Member(other, bob!.own);
  again.state = Uint8Array.from(bob!.state);
  expect(await again.hear(await alice.say('hello'))).toBe('hello');
});

test('a state does not contain the device’s secret key', async () => {
  const [alice] = await groupOf(engine, people, 'alice', 'bob');
  expect(contains(alice.state, alice.own.publicKey)).toBe(true);
  expect(contains(alice.state, alice.own.secretKey)).toBe(false);
});

test('a group takes as many devices as it may have, and says how many that is', async () => {
  const small = await createMlsEngine({ authenticate: people.authenticate, maxDevices: 3 });
  const [alice] = await groupOf(small, people, 'alice', 'bob', 'carol');
  const dave = new Member(small, await people.device('dave', 'phone'));
  const refused = alice.commit({ add: [await dave.keyPackage()] });
  await expect(refused).rejects.toThrow(new TooManyDevices(4, 3));
  await expect(refused).rejects.toThrow('at most 3 devices');
});

test('all members derive the same secret in an epoch, and another one in the next', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const secretOf = (member: Member, label = 'p2p', context = 'alice:phone') =>
    engine.exportSecret(member.state, label, utf8(context), 32).then(hex);
  const secret = await secretOf(alice);
  expect(await secretOf(bob!)).toBe(secret);
  expect(
    new Set([secret, await secretOf(alice, 'presence'), await secretOf(alice, 'p2p', 'bob:phone')]).size,
  ).toBe(3);
  await commitBy(alice, [bob!]);
  expect(await secretOf(alice)).not.toBe(secret);
  expect(await secretOf(bob!)).toBe(await secretOf(alice));
});

test('a suite that is not known here is refused by its number', async () => {
  await expect(createMlsEngine({ authenticate: people.authenticate, suite: 2 })).rejects.toThrow(
    'cipher suite 2',
  );
});

import { beforeAll, expect, test } from '@jest/globals';
import { createMlsEngine, type E2eeEngine, type GroupState } from './index.ts';
import { commitBy, groupOf, Member } from './testing/member.ts';
import { People } from './testing/people.ts';
import { commitIn, followUnasked, rawOpen, rawState } from './testing/raw.ts';

const people = new People();
let engine: E2eeEngine;

beforeAll(async () => {
  engine = await createMlsEngine({ authenticate: people.authenticate });
});

const PHONE = 'phone';
const refused = async (work: Promise<unknown>) => expect(work).rejects.toMatchObject({ name: 'E2eeError' });

test.each([
  ['the only other', ['alice', 'bob'], ['bob']],
  ['one of two others', ['alice', 'bob', 'carol'], ['bob']],
  ['one of four others', ['alice', 'bob', 'carol', 'dave', 'erin'], ['dave']],
  ['two of three others', ['alice', 'bob', 'carol', 'dave'], ['bob', 'dave']],
])('a commit that removes %s brings a new path of keys', async (_, names, leaving) => {
  const [alice, ...others] = await groupOf(engine, people, ...names);
  const witness = rawState(others[0]!.state, others[0]!.own);
  const { commit } = await alice.commit({ remove: leaving.map((userId) => ({ userId, deviceId: PHONE })) });
  expect((await commitIn(witness, commit)).path).toBeDefined();
});

test('whoever is removed is told so, keeps nothing, and hears nothing more', async () => {
  const [alice, bob, carol] = await groupOf(engine, people, 'alice', 'bob', 'carol');
  const last = carol!.state;
  await commitBy(alice, [bob!, carol!], { remove: [carol!.own] });
  expect(carol!.isMember).toBe(false);
  expect(bob!.roster).toEqual(['alice:phone', 'bob:phone']);
  const secret = await alice.say('without carol');
  expect(await bob!.hear(secret)).toBe('without carol');
  await refused(engine.open(last, secret));
});

/** Everything a removed device can attempt with its last state and the commits. */
async function derive(
  last: GroupState,
  member: Member,
  commits: readonly Uint8Array[],
  secret: Uint8Array,
): Promise<unknown> {
  let state = rawState(last, member.own);
  for (const commit of commits) state = await followUnasked(state, commit);
  return rawOpen(state, secret);
}

test('the removed device derives nothing from what it knew and what it can still read', async () => {
  const [alice, bob, carol] = await groupOf(engine, people, 'alice', 'bob', 'carol');
  const last = carol!.state;
  const { commit } = await commitBy(alice, [bob!], { remove: [carol!.own] });
  await expect(derive(last, carol!, [commit], await alice.say('secret'))).rejects.toThrow();
});

test('nor when it was the only other device, and somebody comes after it', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const last = bob!.state;
  const removal = await commitBy(alice, [], { remove: [bob!.own] });
  const alone = await alice.say('to nobody');
  const carol = new Member(engine, await people.device('carol', PHONE));
  const addition = await commitBy(alice, [], { add: [await carol.keyPackage()] });
  await carol.join(addition.welcome!);
  const secret = await alice.say('to carol');
  expect(await carol.hear(secret)).toBe('to carol');
  await expect(derive(last, bob!, [removal.commit], alone)).rejects.toThrow();
  await expect(derive(last, bob!, [removal.commit, addition.commit], secret)).rejects.toThrow();
});

test('nor when somebody takes its place in the same commit', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const last = bob!.state;
  const carol = new Member(engine, await people.device('carol', PHONE));
  const change = { add: [await carol.keyPackage()], remove: [bob!.own] };
  const { commit, welcome } = await commitBy(alice, [], change);
  await carol.join(welcome!);
  const secret = await alice.say('to carol');
  expect(await carol.hear(secret)).toBe('to carol');
  await expect(derive(last, bob!, [commit], secret)).rejects.toThrow();
});

test('what the removed device could derive is enough where no new secret was made: the attack works', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const carol = new Member(engine, await people.device('carol', PHONE));
  // an addition makes no new secret, so bob's knowledge suffices; as a member he is entitled to it
  const before = bob!.state;
  const { commit } = await commitBy(alice, [bob!], { add: [await carol.keyPackage()] });
  const message = await alice.say('hello');
  await expect(derive(before, bob!, [commit], message)).resolves.toMatchObject({
    content: { contentType: 'application' },
  });
});

test('who was removed may come back with another key package, and reads from then on', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  await commitBy(alice, [bob!], { remove: [bob!.own] });
  const missed = await alice.say('missed');
  const { welcome } = await commitBy(alice, [], { add: [await bob!.keyPackage()] });
  await bob!.join(welcome!);
  await refused(bob!.open(missed));
  expect(await bob!.hear(await alice.say('again'))).toBe('again');
});

test('nobody removes a device that is no member, one twice, or itself', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const stranger = { userId: 'mallory', deviceId: PHONE };
  for (const remove of [[stranger], [bob!.own, bob!.own], [alice.own]]) {
    await expect(alice.commit({ remove })).rejects.toMatchObject({ fault: 'member' });
  }
});

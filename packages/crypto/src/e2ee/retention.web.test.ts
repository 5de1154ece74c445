import { beforeAll, expect, test } from '@jest/globals';
import { createMlsEngine, type E2eeEngine } from './index.ts';
import { commitBy, contains, groupOf } from './testing/member.ts';
import { People } from './testing/people.ts';
import { rawOpen, rawState } from './testing/raw.ts';

const people = new People();
let engine: E2eeEngine;

beforeAll(async () => {
  engine = await createMlsEngine({ authenticate: people.authenticate });
});

test('a message is opened once', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const message = await alice.say('once');
  expect(await bob!.hear(message)).toBe('once');
  await expect(bob!.hear(message)).rejects.toMatchObject({ fault: 'generation' });
  expect(await bob!.hear(await alice.say('and on'))).toBe('and on');
});

test('a commit is applied once', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const { commit } = await commitBy(alice, [bob!]);
  await expect(bob!.follow(commit)).rejects.toMatchObject({ fault: 'epoch' });
});

test('a message that was held back cannot be opened once a later one was, nor anything with what is left', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const messages = [];
  for (let n = 0; n < 6; n++) messages.push(await alice.say(`message ${n}`));
  const [held, ...delivered] = messages;
  for (const message of delivered) await bob!.hear(message);
  await expect(bob!.hear(held!)).rejects.toMatchObject({ fault: 'generation' });
  // a thief who steals the state now, using the library without our checks
  const stolen = rawState(bob!.state, bob!.own);
  for (const message of messages) await expect(rawOpen(stolen, message)).rejects.toThrow();
  const ratchets = stolen.secretTree.flatMap(({ application, handshake }) => [application, handshake]);
  expect(ratchets.flatMap(({ unusedGenerations }) => Object.keys(unusedGenerations))).toEqual([]);
});

test('what has been sealed cannot be opened with the sender’s own state', async () => {
  const [alice] = await groupOf(engine, people, 'alice', 'bob');
  const message = await alice.say('mine');
  await expect(rawOpen(rawState(alice.state, alice.own), message)).rejects.toThrow();
});

test.each(['the one who commits', 'the one who follows'])(
  'nothing of an epoch is left after it: %s',
  async (who) => {
    const [alice, bob, carol] = await groupOf(engine, people, 'alice', 'bob', 'carol');
    const late = await carol!.say('late');
    const member = who === 'the one who commits' ? alice : bob!;
    const { keySchedule, secretTree } = rawState(member.state, member.own);
    await commitBy(alice, [bob!, carol!]);
    await expect(member.hear(late)).rejects.toMatchObject({ fault: 'epoch' });
    const secrets = [
      ...Object.values(keySchedule),
      ...secretTree.flatMap(({ application, handshake }) => [application.secret, handshake.secret]),
    ];
    expect(secrets.length).toBeGreaterThan(12);
    expect(secrets.filter((secret) => contains(member.state, secret))).toEqual([]);
  },
);

test('states do not grow with messages or epochs', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  await commitBy(alice, [bob!]);
  await commitBy(bob!, [alice]);
  const before = bob!.state.length;
  for (let epoch = 0; epoch < 10; epoch++) {
    for (let n = 0; n < 5; n++) await bob!.hear(await alice.say('hello'));
    await commitBy(epoch % 2 === 0 ? alice : bob!, [epoch % 2 === 0 ? bob! : alice]);
  }
  expect(bob!.state.length).toBeLessThan(before + 32);
});

test('of two messages sealed from one state, the second is refused', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const { state } = alice;
  const first = await alice.say('first');
  alice.state = state;
  const second = await alice.say('second');
  expect(second).not.toEqual(first);
  expect(await bob!.hear(first)).toBe('first');
  await expect(bob!.hear(second)).rejects.toMatchObject({ fault: 'generation' });
});

test('a call wipes what it worked on and leaves the state that it was given as it was', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const message = await alice.say('hello');
  const state = bob!.state;
  const copy = Uint8Array.from(state);
  await engine.open(state, message);
  await engine.commit(state, bob!.own, { add: [], remove: [], nowSeconds: 1_800_000_000 }, new Uint8Array());
  await engine.seal(state, bob!.own, new Uint8Array(), new Uint8Array());
  expect(state).toEqual(copy);
});

test('as many messages as an epoch may have can be skipped, and no more', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const ahead: Uint8Array[] = [];
  for (let n = 0; n <= 1_001; n++) ahead.push(await alice.say('x'));
  await expect(bob!.hear(ahead[1_001]!)).rejects.toMatchObject({ fault: 'generation' });
  expect(await bob!.hear(ahead[1_000]!)).toBe('x');
});

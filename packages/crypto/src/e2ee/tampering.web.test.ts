import { beforeAll, describe, expect, test } from '@jest/globals';
import { createMlsEngine, type E2eeEngine, E2eeError } from './index.ts';
import { commitBy, groupOf, Member, nowSeconds, textOf, utf8 } from './testing/member.ts';
import { People } from './testing/people.ts';

const people = new People();
let engine: E2eeEngine;

beforeAll(async () => {
  engine = await createMlsEngine({ authenticate: people.authenticate });
});

/** The bytes with one bit flipped, in turn in every byte, or in every n-th of long ones. */
function* flipped(bytes: Uint8Array, step = Math.ceil(bytes.length / 150)): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += step) {
    const changed = bytes.slice();
    changed[at] = changed[at]! ^ (1 << (at % 8));
    yield changed;
  }
}

const texts = new Set<string>();
/** One kind of error and one text, whatever was wrong. */
async function expectRefused(work: Promise<unknown>): Promise<void> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(E2eeError);
  texts.add((error as E2eeError).message);
  expect(texts.size).toBe(1);
}

describe('a message', () => {
  test('with any bit changed, cut off, or with something behind it is refused, and then still opens', async () => {
    const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
    const message = await alice.say('hello', utf8('from alice'));
    for (const changed of flipped(message)) await expectRefused(engine.open(bob!.state, changed));
    for (const end of [0, 1, 4, 40, message.length - 1]) {
      await expectRefused(engine.open(bob!.state, message.subarray(0, end)));
    }
    await expectRefused(engine.open(bob!.state, Uint8Array.of(...message, 0)));
    expect(await bob!.hear(message)).toBe('hello');
  });

  test('with other authenticated data is refused', async () => {
    const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
    const message = await alice.say('hello', utf8('from alice'));
    const at = message.findIndex((_, start) => textOf(message.subarray(start, start + 10)) === 'from alice');
    expect(at).toBeGreaterThan(0);
    const changed = message.slice();
    changed.set(utf8('from mallo'), at);
    await expectRefused(engine.open(bob!.state, changed));
  });

  test('of another group is refused', async () => {
    const [alice] = await groupOf(engine, people, 'alice', 'bob');
    const [, carol] = await groupOf(engine, people, 'alice', 'carol');
    await expect(carol!.hear(await alice.say('hello'))).rejects.toMatchObject({ fault: 'group' });
  });

  test('of another epoch is refused', async () => {
    const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
    const { next } = await alice.commit();
    alice.state = next;
    await expect(bob!.hear(await alice.say('hello'))).rejects.toMatchObject({ fault: 'epoch' });
  });

  test('is no commit, and a commit is no message', async () => {
    const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
    const { commit } = await alice.commit();
    await expect(bob!.hear(commit)).rejects.toMatchObject({ fault: 'profile' });
    await expect(bob!.follow(await alice.say('hello'))).rejects.toMatchObject({ fault: 'profile' });
  });
});

test('a commit with any bit changed is refused, and then still applies', async () => {
  const [alice, bob, carol] = await groupOf(engine, people, 'alice', 'bob', 'carol');
  const { commit, next } = await alice.commit({ remove: [carol!.own] });
  for (const changed of flipped(commit)) await expectRefused(engine.apply(bob!.state, changed, nowSeconds()));
  await bob!.follow(commit);
  alice.state = next;
  expect(await bob!.hear(await alice.say('hello'))).toBe('hello');
});

test('a welcome with any bit changed is refused, and then still works', async () => {
  const [alice] = await groupOf(engine, people, 'alice');
  const bob = new Member(engine, await people.device('bob', 'phone'));
  const { welcome } = await commitBy(alice, [], { add: [await bob.keyPackage()] });
  for (const changed of flipped(welcome!)) await expectRefused(engine.join(changed, bob.own, bob.find));
  await bob.join(welcome!);
  expect(await bob.hear(await alice.say('hello'))).toBe('hello');
});

test('a key package with any bit changed is added by nobody', async () => {
  const [alice] = await groupOf(engine, people, 'alice');
  const bob = new Member(engine, await people.device('bob', 'phone'));
  for (const changed of flipped(await bob.keyPackage()))
    await expectRefused(alice.commit({ add: [changed] }));
});

test('bytes of no meaning are refused everywhere', async () => {
  const [alice] = await groupOf(engine, people, 'alice', 'bob');
  for (const bytes of [
    new Uint8Array(),
    new Uint8Array(64),
    new Uint8Array(64).fill(0xff),
    utf8('{"type":"chat"}'),
  ]) {
    await expectRefused(engine.open(alice.state, bytes));
    await expectRefused(engine.apply(alice.state, bytes, nowSeconds()));
    await expectRefused(engine.join(bytes, alice.own, alice.find));
    await expectRefused(alice.commit({ add: [bytes] }));
  }
});

test('a message must be framed as the protocol says', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const sizes = new Map<number, number>();
  for (const length of [0, 1, 251, 252, 507, 508, 32_763]) {
    const text = 'x'.repeat(length);
    const message = await alice.say(text);
    sizes.set(length, message.length);
    expect(textOf((await bob!.open(message)).plaintext)).toBe(text);
  }
  expect(sizes.get(0)).toBe(sizes.get(251));
  expect(sizes.get(252)).toBe(sizes.get(507));
  expect(sizes.get(252)! - sizes.get(251)!).toBe(256);
  await expect(async () => alice.say('x'.repeat(32_764))).rejects.toThrow(RangeError);
});

import { beforeAll, expect, test } from '@jest/globals';
import { createMlsEngine, type E2eeEngine, openUnordered, sealUnordered } from './index.ts';
import { commitBy, groupOf, textOf, utf8 } from './testing/member.ts';
import { People } from './testing/people.ts';

const people = new People();
let engine: E2eeEngine;

beforeAll(async () => {
  engine = await createMlsEngine({ authenticate: people.authenticate });
});

const NOTHING = new Uint8Array();

test('what does not travel in order opens in any order, more than once, and beside the messages', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const seal = (text: string) =>
    sealUnordered(engine, alice.state, alice.own, 'p2p', utf8(text), utf8('frame 1'));
  const [first, second] = [await seal('first'), await seal('second')];
  await bob!.hear(await alice.say('a message'));
  for (const [sealed, text] of [
    [second, 'second'],
    [first, 'first'],
    [second, 'second'],
  ] as const) {
    const opened = await openUnordered(engine, bob!.state, alice.own, 'p2p', sealed, utf8('frame 1'));
    expect(textOf(opened)).toBe(text);
  }
});

test('it opens for its sender, its purpose, its epoch and what was said beside it, and nothing else', async () => {
  const [alice, bob] = await groupOf(engine, people, 'alice', 'bob');
  const sealed = await sealUnordered(
    engine,
    alice.state,
    alice.own,
    'presence',
    utf8('away'),
    utf8('frame 1'),
  );
  const open = (changed: {
    sender?: string;
    purpose?: 'presence' | 'p2p';
    bytes?: Uint8Array;
    beside?: string;
  }) =>
    openUnordered(
      engine,
      bob!.state,
      { userId: changed.sender ?? 'alice', deviceId: 'phone' },
      changed.purpose ?? 'presence',
      changed.bytes ?? sealed,
      utf8(changed.beside ?? 'frame 1'),
    );
  expect(textOf(await open({}))).toBe('away');
  const flipped = sealed.slice();
  flipped[20] = flipped[20]! ^ 1;
  const wrong = [
    { sender: 'bob' },
    { purpose: 'p2p' as const },
    { beside: 'frame 2' },
    { bytes: flipped },
    { bytes: sealed.subarray(0, 20) },
    { bytes: NOTHING },
  ];
  for (const changed of wrong) {
    await expect(open(changed)).rejects.toMatchObject({ name: 'E2eeError', fault: 'cryptography' });
  }
  await commitBy(alice, [bob!]);
  await expect(open({})).rejects.toMatchObject({ fault: 'cryptography' });
});

test('it has the size of a class', async () => {
  const [alice] = await groupOf(engine, people, 'alice', 'bob');
  const sizes = await Promise.all(
    [0, 251, 252].map(async (length) => {
      const text = utf8('x'.repeat(length));
      return (await sealUnordered(engine, alice.state, alice.own, 'p2p', text, NOTHING)).length;
    }),
  );
  expect(sizes).toEqual([256 + 28, 256 + 28, 512 + 28]);
});

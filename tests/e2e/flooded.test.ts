import { expect } from '@jest/globals';
import { checkHistory, History, until } from '@securechat/testkit';
import { allHave } from '../support/pair.ts';
import { useConstellation } from '../support/stack.ts';

const CAP = 150;
const stack = useConstellation({
  gateways: 2,
  env: { delivery: { DELIVERY_MAX_WAITING_MESSAGES: String(CAP) } },
});
const { test } = stack;

const numbered = (what: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${what} ${n}`);

test('whoever floods somebody who is away loses what they wrote themselves: it is told once, and all others come whole', async () => {
  const history = new History();
  const [bob, mallory, alice] = await Promise.all([
    stack.person('bob', { devices: 1 }),
    stack.person('mallory', { devices: 1 }),
    stack.person('alice', { devices: 1 }),
  ]);
  const bobs = await stack.open(bob, { where: 0, history });
  const mallorys = await stack.open(mallory, { where: 1, history });
  const alices = await stack.open(alice, { where: 1, history });
  const flooded = await mallorys.groups.createDirect(bob);
  const other = await alices.groups.createDirect(bob);
  await until('bob has both conversations', () => bobs.conversations.size === 2);
  await bobs.goOffline();

  const kept = numbered('kept', 60);
  const flood = numbered('flood', 400);
  await Promise.all([
    ...flood.map((text) => mallorys.sendChat(flooded, text)),
    ...kept.map((text) => alices.sendChat(other, text)),
  ]);
  bobs.goOnline();
  await bobs.live();

  const textsOf = (id: string) =>
    bobs.received
      .filter(({ conversationId }) => conversationId === id)
      .map(({ payload }) => payload.toString());
  expect(textsOf(other.id)).toEqual(kept);
  const [entry] = bobs.truncations;
  expect(bobs.truncations).toEqual([
    { conversation_id: flooded.id, through: 1 + (entry?.dropped ?? 0), dropped: entry?.dropped },
  ]);
  expect(bobs.received.length).toBeLessThanOrEqual(CAP);
  expect(textsOf(flooded.id)).toEqual(flood.slice(entry?.dropped));

  // it goes on, in both
  await mallorys.sendChat(flooded, 'afterwards');
  await alices.sendChat(other, 'as well');
  await allHave([bobs], kept.length + 400 - (entry?.dropped ?? 0) + 2);
  expect(textsOf(flooded.id).at(-1)).toBe('afterwards');
  expect(checkHistory(history.events)).toEqual([]);
});

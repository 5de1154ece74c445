import { beforeAll, expect, test } from '@jest/globals';
import { createMlsEngine, type E2eeEngine } from './index.ts';
import { commitBy, groupOf } from './testing/member.ts';
import { People } from './testing/people.ts';

const people = new People();
let engine: E2eeEngine;

beforeAll(async () => {
  engine = await createMlsEngine({ authenticate: people.authenticate });
});

test('of five who commit at once one wins; the others drop theirs, follow, and commit again', async () => {
  const members = await groupOf(engine, people, 'alice', 'bob', 'carol', 'dave', 'erin');
  for (let round = 0; round < 5; round++) {
    const pending = await Promise.all(members.map((member) => member.commit()));
    const winner = (round * 2) % 5;
    const losers = members.filter((_, index) => index !== winner);
    for (const loser of losers) await loser.follow(pending[winner]!.commit);
    members[winner]!.state = pending[winner]!.next;
    for (const { commit } of pending.filter((_, index) => index !== winner)) {
      for (const member of members)
        await expect(member.follow(commit)).rejects.toMatchObject({ fault: 'epoch' });
    }
  }
  expect(members.map(({ epoch }) => epoch)).toEqual([5, 5, 5, 5, 5]);
  await commitBy(
    members[3]!,
    members.filter((_, index) => index !== 3),
  );
  const message = await members[1]!.say('all here');
  for (const member of members.filter((_, index) => index !== 1))
    expect(await member.hear(message)).toBe('all here');
});

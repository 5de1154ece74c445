import type { E2eeEngine } from '../engine.ts';
import { createMlsEngine } from '../mls/create-mls-engine.ts';
import { commitBy, Member } from '../testing/member.ts';
import { People } from '../testing/people.ts';
import { type Random, randomFrom } from './random.ts';

export type TurnoverResult = { commits: number; joined: number; left: number };

/** Enough for trees of several levels whose nodes changed at different times; more would only take longer. */
const MAX_MEMBERS = 12;

/**
 * A group with random joins, removals and key updates. Throws as soon as an added device cannot join, a member cannot follow, or a
 * message does not reach the newest member: every tree that commits produce must work for the next one to join.
 */
export async function turnover({
  commits,
  seed,
}: {
  commits: number;
  seed: number;
}): Promise<TurnoverResult> {
  const random = randomFrom(seed);
  const people = new People();
  const engine = await createMlsEngine({ authenticate: people.authenticate });
  const result = { commits: 0, joined: 0, left: 0 };
  const newcomer = (): Promise<Member> => memberOf(engine, people, `user-${result.joined++}`);
  const first = await newcomer();
  await first.create([]);
  const members = [first];
  for (; result.commits < commits; result.commits++) {
    const committer = random.pick(members);
    const others = members.filter((member) => member !== committer);
    switch (nextChange(random, members.length)) {
      case 'add': {
        const coming = [await newcomer(), ...(random.below(2) === 0 ? [await newcomer()] : [])];
        const add = await Promise.all(coming.map((member) => member.keyPackage()));
        const { welcome } = await commitBy(committer, others, { add });
        for (const member of coming) await member.join(welcome as Uint8Array);
        members.push(...coming);
        break;
      }
      case 'remove': {
        const leaving = random.pick(others);
        await commitBy(committer, others, { remove: [leaving.own] });
        members.splice(members.indexOf(leaving), 1);
        result.left += 1;
        break;
      }
      case 'renew':
        await commitBy(committer, others);
    }
    const newest = members.at(-1) as Member;
    if (committer !== newest && members.includes(committer)) await newest.hear(await committer.say('to you'));
  }
  return result;
}

function nextChange(random: Random, members: number): 'add' | 'remove' | 'renew' {
  const drawn = random.below(10);
  if (drawn < 4 && members < MAX_MEMBERS) return 'add';
  return drawn < 7 && members > 3 ? 'remove' : 'renew';
}

const memberOf = async (engine: E2eeEngine, people: People, name: string): Promise<Member> =>
  new Member(engine, await people.device(name, 'phone'));

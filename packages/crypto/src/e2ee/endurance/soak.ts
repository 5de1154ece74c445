import { createMlsEngine } from '../mls/create-mls-engine.ts';
import { commitBy, groupOf, type Member } from '../testing/member.ts';
import { People } from '../testing/people.ts';
import { randomFrom } from './random.ts';

export type SoakResult = { messages: number; commits: number; rejoined: number; largestState: number };

/**
 * Three devices write, the two others open each message, and somebody commits every epoch; every fourth time one is removed and added
 * again. Throws at the first message that does not come out as it went in.
 */
export async function soak(
  { messages, perEpoch, seed }: { messages: number; perEpoch: number; seed: number },
  tell: (sent: number) => void = () => {},
): Promise<SoakResult> {
  const random = randomFrom(seed);
  const people = new People();
  const engine = await createMlsEngine({ authenticate: people.authenticate });
  const members: Member[] = await groupOf(engine, people, 'alice', 'bob', 'carol');
  const result = { messages: 0, commits: 0, rejoined: 0, largestState: 0 };
  while (result.messages < messages) {
    const speaker = random.pick(members);
    const text = `${result.messages} ${'x'.repeat(random.below(2_000))}`;
    const sealed = await speaker.say(text);
    for (const listener of members) {
      if (listener === speaker) continue;
      if ((await listener.hear(sealed)) !== text)
        throw new Error(`message ${result.messages} came out changed`);
      result.largestState = Math.max(result.largestState, listener.state.length);
    }
    result.messages += 1;
    if (result.messages % perEpoch === 0) {
      await renew(members, random.below(3), result);
      tell(result.messages);
    }
  }
  return result;
}

async function renew(members: readonly Member[], by: number, result: SoakResult): Promise<void> {
  const committer = members[by] as Member;
  const others = members.filter((member) => member !== committer);
  if (result.commits % 4 === 3) {
    const leaving = others[0] as Member;
    const staying = others.slice(1);
    await commitBy(committer, others, { remove: [leaving.own] });
    const { welcome } = await commitBy(committer, staying, { add: [await leaving.keyPackage()] });
    await leaving.join(welcome as Uint8Array);
    result.rejoined += 1;
  }
  await commitBy(committer, others);
  result.commits += 1;
}

import { type Place, whereabouts } from '../server.ts';
import { awake, type World } from '../world.ts';
import { comparePeople, compareShown } from './compare.ts';
import { checkCounts } from './counts.ts';
import { judgeLines } from './lines.ts';
import { nameOf, type Shown, shownOn } from './shown.ts';

/** For so many messages that are lost the server is asked: more would tell the same. */
const ASKED_FOR = 20;

export type Verdict = {
  conversations: number;
  lines: number;
  lost: string[];
  doubled: string[];
  unreadable: string[];
  /** Two devices show something differently. */
  differing: string[];
  /** A device contradicts itself: its counts, its last line, its order. */
  inconsistent: string[];
  alarms: string[];
};

export type Unseen = Place & { readonly line: string };

/** What every device that is still a member shows, against what all of them together have. */
export async function judge(world: World, postgresUrl: string): Promise<Verdict> {
  const verdict: Verdict = {
    ...{ conversations: 0, lines: 0, lost: [], doubled: [], unreadable: [] },
    ...{ differing: [], inconsistent: [], alarms: [] },
  };
  const byConversation = new Map<string, Shown[]>();
  for (const device of awake(world)) {
    verdict.alarms.push(...device.alarms.map((alarm) => `${nameOf(device)} ${alarm}`));
    for (const shown of await shownOn(device)) {
      const { id } = shown.conversation;
      byConversation.set(id, [...(byConversation.get(id) ?? []), shown]);
      verdict.inconsistent.push(...(await checkCounts(shown)));
    }
  }
  for (const [id, all] of byConversation) {
    verdict.conversations += 1;
    verdict.differing.push(...compareShown(id, all));
    for (const { line, ...place } of judgeLines(id, all, verdict)) {
      const where = verdict.lost.length < ASKED_FOR ? `: ${await whereabouts(postgresUrl, place)}` : '';
      verdict.lost.push(`${line}${where}`);
    }
  }
  verdict.differing.push(...comparePeople(world, [...byConversation.values()].flat()));
  return verdict;
}

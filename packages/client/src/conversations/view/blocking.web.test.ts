import { expect, test } from '@jest/globals';
import { BLOCK_LIST_ITEMS, MAX_BLOCKED_USERS } from '@securechat/protocol';
import type { Core } from '../core.ts';
import { victim } from '../testing/victim.ts';
import { learnBlocked } from './blocking.ts';

type Page = { user_ids: string[]; more: boolean };

/** A device that blocks mallory, and whose server answers so. */
async function device(answer: () => Page | Promise<Page>) {
  const { core, disk } = await victim([]);
  const blocked = new Set(['mallory']);
  const request = (async () => answer()) as unknown as Core['connection']['request'];
  const connection = { request, send: () => true, state: 'connected' as const };
  return { core: { ...core, blocked, connection }, blocked, disk };
}

test('a server that has always one more on its list is given up, and nothing is learnt from it', async () => {
  let asked = 0;
  const { core, blocked, disk } = await device(() => ({ user_ids: [`user_${asked++}`], more: true }));
  await learnBlocked(core);
  expect(asked).toBe(MAX_BLOCKED_USERS / BLOCK_LIST_ITEMS);
  expect([...blocked]).toEqual(['mallory']);
  expect(disk.keys('', '~')).toEqual([]);
});

test('looks follow each other, so that the last answer counts, and those that wait for their turn are one', async () => {
  const answers: ((page: Page) => void)[] = [];
  const { core, blocked } = await device(() => new Promise<Page>((resolve) => answers.push(resolve)));
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const asked = async (times: number) => {
    while (answers.length < times) await pause(1);
  };
  const looks = [learnBlocked(core)];
  await asked(1);
  looks.push(learnBlocked(core), learnBlocked(core), learnBlocked(core));
  // time for those that do not wait
  await pause(20);
  expect(answers).toHaveLength(1);
  answers[0]?.({ user_ids: ['mallory', 'trudy'], more: false });
  await asked(2);
  answers[1]?.({ user_ids: ['eve'], more: false });
  await pause(20);
  expect(answers).toHaveLength(2);
  await Promise.all(looks);
  expect([...blocked]).toEqual(['eve']);
});

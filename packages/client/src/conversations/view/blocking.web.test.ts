import { expect, test } from '@jest/globals';
import { BLOCK_LIST_ITEMS, MAX_BLOCKED_USERS } from '@securechat/protocol';
import type { Core } from '../core.ts';
import { learnBlocked } from './blocking.ts';

test('a server that has always one more on its list is given up, and nothing is learnt from it', async () => {
  let asked = 0;
  let written = 0;
  const core = {
    connection: { request: async () => ({ user_ids: [`user_${asked++}`], more: true }) },
    store: { write: async () => void written++ },
  } as unknown as Core;
  const blocked = new Set(['mallory']);
  await learnBlocked({ core, blocked });
  expect(asked).toBe(MAX_BLOCKED_USERS / BLOCK_LIST_ITEMS);
  expect([...blocked]).toEqual(['mallory']);
  expect(written).toBe(0);
});

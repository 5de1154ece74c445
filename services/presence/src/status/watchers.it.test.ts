import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WATCH_RENEW_MS } from '@securechat/protocol/internal';
import { openTestRedis, type TestRedis } from '@securechat/testkit';
import { presenceKeys } from './keys.ts';
import { createWatchers } from './watchers.ts';

const FIVE_MINUTES_MS = 5 * 60_000;
/** A question that is asked again takes this long at most. */
const LATE_MS = 30_000;

let store: TestRedis;
beforeAll(async () => {
  store = await openTestRedis();
});
afterAll(() => store.close());

test.each([
  { written: 0, read: FIVE_MINUTES_MS },
  { written: 0, read: -FIVE_MINUTES_MS },
  { written: FIVE_MINUTES_MS, read: 0 },
  { written: -FIVE_MINUTES_MS, read: 0 },
])(
  'a gateway is told until it asks again, with one clock five minutes off: %j',
  async ({ written, read }) => {
    const keys = presenceKeys(`${store.prefix}:${written}:${read}`, 1);
    const nowMs = Date.now();
    const writer = createWatchers({ redis: store.redis, keys, now: () => nowMs + written });
    const reader = createWatchers({
      ...{ redis: store.redis, keys },
      now: () => nowMs + WATCH_RENEW_MS + LATE_MS + read,
    });
    await writer.add('gateway', [7]);
    expect(await reader.of([7])).toEqual([['gateway']]);
  },
);

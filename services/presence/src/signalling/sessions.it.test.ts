import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { SignalType } from '@securechat/protocol/internal';
import { openTestRedis, type TestRedis } from '@securechat/testkit';
import { presenceKeys } from '../status/keys.ts';
import { createSessions } from './sessions.ts';

let store: TestRedis;
let count = 0;
beforeAll(async () => {
  store = await openTestRedis();
});
afterAll(() => store.close());

/** Alice is user 1 with devices 11 and 12, Bob is user 2 with devices 21 and 22. A session that Alice's 11 may offer. */
function open() {
  const keys = presenceKeys(store.prefix, 2);
  const sessions = createSessions({ redis: store.redis, keys });
  const id = `session-${++count}`;
  const say = async (device: number, type: SignalType): Promise<number | 'all' | 'refused'> => {
    const user = Math.floor(device / 10);
    const passage = await sessions.pass({ type, offerer: 1, id, device, user, called: 2 });
    return passage ? (passage.other ?? 'all') : 'refused';
  };
  return { key: keys.session(1, id), say };
}

describe('a direct connection', () => {
  test('is offered to all devices, answered by the first, and from then on between these two', async () => {
    const { say } = open();
    expect(await say(11, 'p2p_offer')).toBe('all');
    expect(await say(21, 'p2p_answer')).toBe(11);
    expect(await say(22, 'p2p_answer')).toBe('refused');
    expect(await say(21, 'p2p_answer')).toBe(11);
    expect(await say(11, 'p2p_candidate')).toBe(21);
    expect(await say(21, 'p2p_candidate')).toBe(11);
    expect(await say(22, 'p2p_candidate')).toBe('refused');
    expect(await say(12, 'p2p_candidate')).toBe('refused');
  });

  test('has no candidates before there is an answer, from neither side', async () => {
    const { say } = open();
    expect(await say(21, 'p2p_candidate')).toBe('refused');
    expect(await say(11, 'p2p_offer')).toBe('all');
    expect(await say(11, 'p2p_candidate')).toBe('refused');
    expect(await say(21, 'p2p_candidate')).toBe('refused');
  });

  test('cannot be answered when nobody has offered it, nor by who was not called', async () => {
    const { say } = open();
    expect(await say(21, 'p2p_answer')).toBe('refused');
    expect(await say(11, 'p2p_offer')).toBe('all');
    expect(await say(12, 'p2p_answer')).toBe('refused');
    expect(await say(31, 'p2p_answer')).toBe('refused');
  });

  test('is refused by any device that was called, and given up by who offered it; then it is over', async () => {
    for (const [device, told] of [
      [22, 11],
      [11, 'all'],
    ] as const) {
      const { say } = open();
      await say(11, 'p2p_offer');
      expect(await say(device, 'p2p_bye')).toBe(told);
      expect(await say(21, 'p2p_answer')).toBe('refused');
    }
  });

  test('that was answered is ended by its two ends alone', async () => {
    const { say } = open();
    await say(11, 'p2p_offer');
    await say(21, 'p2p_answer');
    expect(await say(22, 'p2p_bye')).toBe('refused');
    expect(await say(12, 'p2p_bye')).toBe('refused');
    expect(await say(21, 'p2p_bye')).toBe(11);
    expect(await say(11, 'p2p_candidate')).toBe('refused');
  });

  test('is forgotten: after a minute without an answer, after an hour without a word', async () => {
    const { key, say } = open();
    await say(11, 'p2p_offer');
    expect(await store.redis.pttl(key)).toBeLessThanOrEqual(60_000);
    await say(21, 'p2p_answer');
    await store.redis.pexpire(key, 1_000);
    await say(11, 'p2p_candidate');
    const left = await store.redis.pttl(key);
    expect(left).toBeGreaterThan(60_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
  });
});

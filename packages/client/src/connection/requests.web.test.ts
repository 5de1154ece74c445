import { describe, expect, test } from '@jest/globals';
import {
  DEFAULT_RETRY_POLICY,
  type Downstream,
  type ErrorName,
  errorMessage,
  HEADER_BYTES,
} from '@securechat/protocol';
import { FakeClock } from '../testing/fake-clock.ts';
import { Requests } from './requests.ts';

const MIDDLE = 0.5;

function open({ isConnected = true } = {}) {
  const clock = new FakeClock();
  const state = { isConnected };
  const sent: { id: string; atMs: number; text: string }[] = [];
  const requests = new Requests(
    clock,
    () => MIDDLE,
    (frame) => {
      if (!state.isConnected) return false;
      const text = new TextDecoder().decode(frame.subarray(HEADER_BYTES));
      sent.push({ id: (JSON.parse(text) as { id: string }).id, atMs: clock.monotonicMs(), text });
      return true;
    },
  );
  const ask = (options = {}, id?: string) => {
    const question = { user_id: 'bob', ...(id === undefined ? {} : { id }) };
    const answer = requests.ask('block', question, options);
    const outcome = answer.then(
      ({ user_id }) => user_id,
      (error: Error) => error.name,
    );
    return { answer, outcome };
  };
  return { clock, state, sent, requests, ask };
}

const blocked = (ref = ''): Downstream<'block'> => ({ type: 'block', ref, user_id: 'bob' });
const refusal = (error: ErrorName, reference_id = '', detail = {}): Downstream<'error'> =>
  errorMessage(error, { reference_id, ...detail });

test('an answer goes to its question, by id and by type', async () => {
  const { requests, sent, ask } = open();
  const [first, second] = [ask(), ask()];
  const [one, two] = sent.map(({ id }) => id);
  expect(one).toMatch(/^q_[A-Za-z0-9_-]{16}$/);
  expect(requests.take(blocked('q_unknown'))).toBe(false);
  expect(requests.take({ type: 'unblock', ref: one ?? '', user_id: 'bob' })).toBe(false);
  expect(requests.take(blocked(two))).toBe(true);
  expect(requests.take({ ...blocked(one), user_id: 'carl' })).toBe(true);
  expect(await Promise.all([first.outcome, second.outcome])).toEqual(['carl', 'bob']);
  expect(requests.take(blocked(one))).toBe(false);
});

describe('a question that is not answered', () => {
  test('is asked again with the same bytes: three times, after 8 s and 1, 2, 4 s more', async () => {
    const { clock, sent, ask } = open();
    const { outcome } = ask({ deadlineMs: 100_000 });
    await clock.pass(60_000);
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 9_000, 19_000, 31_000]);
    expect(new Set(sent.map(({ text }) => text)).size).toBe(1);
    expect(await outcome).toBe('RequestTimedOut');
  });

  test('fails at its deadline, and leaves nothing behind', async () => {
    const { clock, requests, sent, ask } = open();
    const { outcome } = ask({ deadlineMs: 5_000 });
    await clock.pass(5_000);
    expect(await outcome).toBe('RequestTimedOut');
    expect(requests.take(blocked(sent[0]?.id))).toBe(false);
    await clock.pass(60_000);
    expect(sent).toHaveLength(1);
  });

  test('fails with the reason of its signal', async () => {
    const { ask, sent, clock } = open();
    const giveUp = new AbortController();
    const { answer } = ask({ signal: giveUp.signal });
    giveUp.abort(new Error('the person went away'));
    await expect(answer).rejects.toThrow('the person went away');
    await expect(ask({ signal: giveUp.signal }).answer).rejects.toThrow('the person went away');
    await clock.pass(60_000);
    expect(sent).toHaveLength(1);
  });
});

describe('a refusal', () => {
  test('that says no ends the question', async () => {
    const { requests, sent, ask } = open();
    const { answer } = ask();
    expect(requests.take(refusal('PERMISSION_DENIED', sent[0]?.id))).toBe(true);
    await expect(answer).rejects.toMatchObject({ error: 'PERMISSION_DENIED', isRetryable: false });
  });

  test('that says later is followed: not before the time it names, and not for ever', async () => {
    const { clock, requests, sent, ask } = open();
    const { answer } = ask({ deadlineMs: 100_000 });
    const outcome = answer.catch((error: unknown) => error);
    for (let n = 0; n < 4; n++) {
      expect(sent).toHaveLength(n + 1);
      requests.take(refusal('RATE_LIMITED', sent[0]?.id, { retry_after_ms: 5_000 }));
      await clock.pass(4_999);
      expect(sent).toHaveLength(n + 1);
      await clock.pass(1);
    }
    expect(sent).toHaveLength(4);
    expect(await outcome).toMatchObject({ error: 'RATE_LIMITED', isRetryable: true, retryAfterMs: 5_000 });
  });

  test('of something else is not taken', () => {
    const { requests } = open();
    expect(requests.take(refusal('STALE_EPOCH', 'm_1'))).toBe(false);
    expect(requests.take(errorMessage('SERVER_UNAVAILABLE'))).toBe(false);
  });
});

describe('without a connection', () => {
  test('a question waits for one, and a lost one is asked again', async () => {
    const { clock, state, requests, sent, ask } = open({ isConnected: false });
    const { outcome } = ask();
    await clock.pass(10_000);
    expect(sent).toEqual([]);
    state.isConnected = true;
    requests.connected(DEFAULT_RETRY_POLICY);
    state.isConnected = false;
    requests.disconnected();
    await clock.pass(10_000);
    state.isConnected = true;
    requests.connected(DEFAULT_RETRY_POLICY);
    expect(sent.map(({ atMs }) => atMs)).toEqual([10_000, 20_000]);
    requests.take(blocked(sent[0]?.id));
    expect(await outcome).toBe('bob');
  });

  test('and without hope of one, it fails', async () => {
    const { requests, ask } = open({ isConnected: false });
    const { outcome } = ask();
    requests.stop('it has ended');
    expect(await outcome).toBe('NotConnected');
  });
});

test('a policy of the server is bounded', async () => {
  const { clock, requests, sent, ask } = open();
  requests.connected({
    ...DEFAULT_RETRY_POLICY,
    max_retries: 10 ** 9,
    initial_delay_ms: 1,
    backoff_multiplier: 1,
  });
  const { outcome } = ask({ deadlineMs: 10 ** 9 });
  await clock.pass(10 ** 6);
  expect([sent.length, await outcome]).toEqual([11, 'RequestTimedOut']);
});

test('more than a thousand questions at once are refused, and one with an id that is on its way', async () => {
  const { requests, ask } = open();
  const kept = Array.from({ length: 1_000 }, (_, n) => ask({}, `q_${n}`));
  expect(await ask().outcome).toBe('TooManyRequests');
  for (let n = 0; n < 1_000; n++) requests.take(blocked(`q_${n}`));
  await Promise.all(kept.map(({ outcome }) => outcome));
  const first = ask({}, 'q_1');
  await expect(ask({}, 'q_1').answer).rejects.toThrow('already pending');
  requests.take(blocked('q_1'));
  expect(await first.outcome).toBe('bob');
});

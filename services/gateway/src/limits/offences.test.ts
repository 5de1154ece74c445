import { expect, test } from '@jest/globals';
import { createTestClock } from '@securechat/kernel/testing';
import { type ErrorName, errorNames, errors } from '@securechat/protocol';
import { LocalRates } from './local-rate.ts';
import { Offences } from './offences.ts';
import { limits } from './table.ts';

function createBench() {
  const clock = createTestClock();
  const offences = new Offences(clock, new LocalRates());
  const add = (error: ErrorName, times: number) => Array.from({ length: times }, () => offences.add(error));
  return { clock, offences, add };
}

test('ten faults in a minute are forgiven, the next one ends the connection', () => {
  const { add, offences } = createBench();
  expect(add('INVALID_SIGNATURE', 10)).toEqual(Array(10).fill({ pauseMs: 0 }));
  expect(offences.add('INVALID_MESSAGE_FORMAT')).toEqual({ pauseMs: 0, close: 'protocol_violation' });
});

test('faults of more than a minute ago are forgotten', () => {
  const { add, clock, offences } = createBench();
  add('INVALID_SIGNATURE', 10);
  clock.advance(60_000);
  expect(offences.add('INVALID_SIGNATURE')).toEqual({ pauseMs: 0 });
});

test('what an honest client meets is never held against it', () => {
  const { add } = createBench();
  const retryable = errorNames.filter((name) => ['later', 'reseal'].includes(errors[name].retry));
  const innocent = retryable.filter((name) => name !== 'RATE_LIMITED' && name !== 'CONNECTION_LOST');
  for (const name of innocent) expect(add(name, 200).at(-1)).toEqual({ pauseMs: 0 });
  expect(add('UNKNOWN_TYPE', 200).at(-1)).toEqual({ pauseMs: 0 });
  expect(add('ID_REUSED', 200).at(-1)).toEqual({ pauseMs: 0 });
});

test.each(['TIMESTAMP_OUT_OF_WINDOW', 'SESSION_TAKEN'] as const)(
  'what has only come too late never ends a connection: %s',
  (name) => {
    const { add } = createBench();
    expect(add(name, 200).at(-1)).toEqual({ pauseMs: 0 });
    expect(add(name, 1_000).at(-1)).toEqual({ pauseMs: limits.excessPauseMs });
  },
);

test('types that nobody knows never end a connection, but a flood of them is slowed down', () => {
  const { add } = createBench();
  add('UNKNOWN_TYPE', 200);
  expect(new Set(add('UNKNOWN_TYPE', 1_000).map((verdict) => JSON.stringify(verdict)))).toEqual(
    new Set([JSON.stringify({ pauseMs: limits.excessPauseMs })]),
  );
});

test('whoever runs into limits is slowed down after ten times and sent away after a hundred', () => {
  const { add } = createBench();
  const verdicts = add('RATE_LIMITED', 101);
  expect(verdicts.slice(0, 10)).toEqual(Array(10).fill({ pauseMs: 0 }));
  expect(verdicts.slice(10, 100)).toEqual(Array(90).fill({ pauseMs: limits.excessPauseMs }));
  expect(verdicts[100]).toEqual({ pauseMs: 0, close: 'rate_limited' });
});

test('running into limits and making faults are counted apart', () => {
  const { add } = createBench();
  add('RATE_LIMITED', 100);
  expect(add('INVALID_SIGNATURE', 10).at(-1)).toEqual({ pauseMs: 0 });
});

test('who writes where nothing is taken any more is slowed down after ten times, and never sent away', () => {
  const { add } = createBench();
  expect(add('PERMISSION_DENIED', 10)).toEqual(Array(10).fill({ pauseMs: 0 }));
  expect(add('PERMISSION_DENIED', 200)).toEqual(Array(200).fill({ pauseMs: limits.excessPauseMs }));
});

test('running into the global limit is nobody’s fault', () => {
  const { offences } = createBench();
  const verdicts = Array.from({ length: 200 }, () => offences.add('RATE_LIMITED', 'global'));
  expect(verdicts.at(-1)).toEqual({ pauseMs: 0 });
});

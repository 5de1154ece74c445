import { expect, test } from '@jest/globals';
import { answerViolations, gaveUp, judge, tableOf, tally } from './verdict.ts';

const sent = { type: 'send', device: 'a:1', conversation_id: 'c' } as const;
const ok = { phase: 'ok', client_seq: 1, conv_seq: 2, dup: false } as const;

test('a broken promise fails once, however often it was broken, and is shown by its name', () => {
  const verdict = judge(['I1: one', 'I1: two', 'I9: three']);
  expect(verdict.failed).toBe(2);
  expect(verdict.passed).toBe(judge([]).passed - 2);
  expect(tableOf(verdict).filter((line) => line.includes('BROKEN'))).toEqual([
    expect.stringMatching(/BROKEN +I1 .*\(2\)/),
    expect.stringMatching(/BROKEN +I9 .*\(1\)/),
  ]);
});

test('a violation of a name that the table does not have fails all the same', () => {
  expect(judge(['I99: what is this'])).toMatchObject({ failed: 1, passed: judge([]).passed });
});

test('a send without an answer is no failure, one that was repeated without an answer is', () => {
  const events = Array.from({ length: 100 }, (_, n) => n).flatMap((n) => [
    { ...sent, id: `m${n}`, phase: 'invoke', sha256: 'x' } as const,
    ...(n < 95 ? [{ ...sent, id: `m${n}`, ...ok } as const] : []),
  ]);
  expect(answerViolations(tally(events))).toEqual([]);
  const again = { ...sent, id: 'm99', phase: 'again' } as const;
  expect(answerViolations(tally([...events, again]))).toEqual([
    'answers: 1 sends were repeated and never acked',
  ]);
  expect(
    answerViolations(tally(events.filter((event) => event.id !== 'm94' || event.phase === 'invoke'))),
  ).toEqual(['answers: only 94 of 100 sends were acked']);
});

test('who gave up is told with what it had been refused in the minute before, unless it is excused', () => {
  const at = (at_ms: number) => ({ at_ms, wall_ms: 0 });
  const error = { type: 'error', device: 'a:1', error: 'ID_REUSED', says: 'other content' } as const;
  const gone = { type: 'gave-up', device: 'a:1', why: 'closed with 4502' } as const;
  const events = [
    { ...error, error: 'EXPIRED', ...at(1_000) },
    { ...error, ...at(80_000) },
    { ...error, device: 'b:1', ...at(80_000) },
    { ...error, ...at(90_000) },
    { ...gone, ...at(90_001) },
  ];
  expect(gaveUp(events, new Set())).toEqual([
    'health: a:1 gave up: closed with 4502; errors in its last minute: 2 x ID_REUSED (other content)',
  ]);
  expect(gaveUp(events, new Set(['a:1']))).toEqual([]);
});

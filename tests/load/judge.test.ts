import { expect, test } from '@jest/globals';
import { judge, percentile } from './judge.ts';
import { ALWAYS, plan } from './plan.ts';

test('a threshold is kept or crossed by what was measured, and crossed by what was not measured at all', () => {
  const measured = { times: { login_ms: [10, 20, 30, 400] }, counts: { lost: 1, faults: 0 } };
  const judged = judge(
    {
      login_ms: ['p(50)<25', 'p(95)<400', 'p(95)<=400'],
      lost: ['count==0'],
      faults: ['count==0'],
      drain_ms: ['p(95)<1'],
    },
    measured,
  );
  expect(judged.map(({ isKept }) => isKept)).toEqual([true, false, true, false, true, false]);
  expect(percentile([3, 1, 2], 50)).toBe(2);
});

test('every threshold of the scenarios can be judged', () => {
  for (const { thresholds } of Object.values(plan))
    expect(() => judge({ ...thresholds, ...ALWAYS }, { times: {}, counts: {} })).not.toThrow();
  expect(() => judge({ login_ms: ['avg<3'] }, { times: {}, counts: {} })).toThrow(
    'no threshold: login_ms avg<3',
  );
});

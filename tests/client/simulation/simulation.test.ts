import { expect } from '@jest/globals';
import { useConstellation } from '../../support/stack.ts';
import { simulate } from './simulate.ts';

const stack = useConstellation({ gateways: 1 });

stack.test(
  'five people with two devices who write, change groups, come, go, die and change devices end up seeing the same',
  async () => {
    const plan = { people: 5, devicesEach: 2, messages: 120, seed: 7 };
    const { lines, conversations, counts, ...faults } = await simulate(
      stack.constellation,
      plan,
      () => undefined,
    );
    expect(faults).toEqual({
      ...{ lost: [], doubled: [], unreadable: [], differing: [], inconsistent: [], alarms: [] },
    });
    expect(lines).toBeGreaterThan(50);
    expect(conversations).toBeGreaterThan(2);
    expect(counts.kill).toBeGreaterThan(0);
  },
  240_000,
);

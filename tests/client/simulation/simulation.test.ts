import { expect } from '@jest/globals';
import { useConstellation } from '../../support/stack.ts';
import { simulate } from './simulate.ts';

const stack = useConstellation({ gateways: 1 });

stack.test(
  'five people with two devices who come, go and change devices lose nothing, double nothing and can read everything',
  async () => {
    const plan = { people: 5, devicesEach: 2, messages: 120, seed: 7 };
    const { lost, doubled, unreadable, alarms, lines } = await simulate(
      stack.constellation,
      plan,
      () => undefined,
    );
    expect({ lost, doubled, unreadable, alarms }).toEqual({
      lost: [],
      doubled: [],
      unreadable: [],
      alarms: [],
    });
    expect(lines).toBeGreaterThan(50);
  },
  120_000,
);

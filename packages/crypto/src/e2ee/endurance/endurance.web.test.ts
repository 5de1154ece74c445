import { expect, test } from '@jest/globals';
import { fuzz } from './fuzz.ts';
import { largeGroup } from './large-group.ts';
import { soak } from './soak.ts';
import { turnover } from './turnover.ts';

// `npm run soak:e2ee` does the same for longer.

test('a conversation goes on through messages, new keys, removals and returns', async () => {
  const result = await soak({ messages: 100, perEpoch: 20, seed: 1 });
  expect(result).toMatchObject({ messages: 100, commits: 5, rejoined: 1 });
  expect(result.largestState).toBeLessThan(4_096);
});

test('whatever is changed in what peers send is refused, soon, and with the one error there is', async () => {
  const { slowestMs, faults } = await fuzz({ seed: 1, until: (tried) => tried === 500 });
  expect(slowestMs).toBeLessThan(2_000);
  expect(Object.keys(faults).length).toBeGreaterThan(3);
}, 30_000);

test('a group of people with two devices each, from its creation to a device that comes late', async () => {
  const { devices, welcomeBytes } = await largeGroup({ people: 10, watching: 2 });
  expect(devices).toBe(19);
  expect(welcomeBytes).toBeLessThan(10 * 1024);
});

test('whoever is added can join, however the members before have come, gone and renewed keys', async () => {
  expect(await turnover({ commits: 25, seed: 3 })).toMatchObject({ commits: 25 });
}, 60_000);

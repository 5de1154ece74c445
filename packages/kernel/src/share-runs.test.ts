import { expect, test } from '@jest/globals';
import { shareRuns } from './share-runs.ts';

/** Work whose runs are ended by the test. */
function openWork() {
  const runs: PromiseWithResolvers<void>[] = [];
  const { ask, ended } = shareRuns(() => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  });
  return { runs, ask, ended };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('who asks during a run gets the next one, and shares it with all others who do', async () => {
  const { runs, ask } = openWork();
  const first = ask();
  await turn();
  const second = ask();
  const third = ask();
  await turn();
  expect(runs).toHaveLength(1);
  runs[0]?.resolve();
  await first;
  await turn();
  expect(runs).toHaveLength(2);
  runs[1]?.resolve();
  await Promise.all([second, third]);
  await turn();
  expect(runs).toHaveLength(2);
});

test('a run that fails tells those who waited for it, and nobody else', async () => {
  const { runs, ask } = openWork();
  const first = ask();
  await turn();
  const second = ask();
  runs[0]?.reject(new Error('not now'));
  await expect(first).rejects.toThrow('not now');
  await turn();
  runs[1]?.resolve();
  await second;
});

test('all have ended when the last one has, whatever came of it', async () => {
  const { runs, ask, ended } = openWork();
  const asked = [ask()];
  await turn();
  asked.push(ask());
  let hasEnded = false;
  const end = ended().then(() => {
    hasEnded = true;
  });
  runs[0]?.resolve();
  await turn();
  expect(hasEnded).toBe(false);
  runs[1]?.reject(new Error('not now'));
  await Promise.allSettled(asked);
  await end;
});

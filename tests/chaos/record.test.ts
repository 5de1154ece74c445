import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { History } from '@securechat/testkit';
import { readArguments } from './arguments.ts';
import { folderOf, historyOf, keepRun, planOfRun } from './record.ts';

/** Above any seed that a run may draw, so that no stored run is overwritten. */
const FIRST_SEED = 2 ** 31 - 1;
const seeds = [FIRST_SEED, FIRST_SEED + 1];
afterEach(() => {
  for (const seed of seeds) rmSync(folderOf(seed), { recursive: true, force: true });
});

test('each run of a series leaves what it did under its own seed', () => {
  const plan = readArguments(['--smoke', '--seed', String(FIRST_SEED), '--seeds', '2']);
  if (plan === 'help') throw new Error('this asks for no help');
  for (const seed of seeds) {
    const history = new History();
    history.add({ type: 'fault', phase: 'start', nemesis: 'F1', what: `of ${seed}` });
    keepRun(planOfRun(plan, seed, [['F1']]), { history, services: [] }, { failed: 0 });
  }
  for (const seed of seeds) {
    const record = JSON.parse(readFileSync(join(folderOf(seed), 'run.json'), 'utf8'));
    expect(record).toEqual({ mode: 'smoke', seed, sendsPerSecond: 200, steps: [['F1']], failed: 0 });
    expect(readFileSync(historyOf(seed), 'utf8')).toContain(`of ${seed}`);
  }
});

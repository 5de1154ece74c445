import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { seededRandom } from '../../tests/chaos/random.ts';
import { ROOT, runNode } from '../tools.ts';
import { fuzz } from './fuzz.ts';
import type { Outcome } from './target.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'securechat-test-fuzz-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const seeds = [Buffer.from('nothing')];
/** It takes less than a second. */
const PATIENT_MS = 20_000;
const plan = (ms: number) => ({ random: seededRandom(7), untilMs: performance.now() + ms, folder });

async function fuzzGuided(target: 'maze' | 'busy', ms: number): Promise<Outcome> {
  const program = join(ROOT, 'scripts/fuzz/testing/guided.ts');
  const { status, output } = await runNode([program, target, folder, String(ms)], 'capture');
  if (status !== 0) throw new Error(output);
  return JSON.parse(output) as Outcome;
}

test('it finds its way by what has run to what no chance would find, keeps the way, and tries the fault first the next time', async () => {
  const { fault, kept } = await fuzzGuided('maze', PATIENT_MS);
  expect(fault).toContain('out of the maze');
  expect(kept).toBeGreaterThanOrEqual(3);
  const faults = readdirSync(join(folder, 'maze')).filter((name) => name.startsWith('fault-'));
  expect(faults).toHaveLength(1);
  expect(
    readFileSync(join(folder, 'maze', faults[0] ?? ''))
      .subarray(0, 4)
      .toString(),
  ).toBe('maze');
  const again = await fuzzGuided('maze', PATIENT_MS);
  expect(again.fault).toContain('out of the maze');
  expect(again.inputs).toBeLessThan(50);
});

test('an input that keeps it busy is a fault, and the time is kept', async () => {
  expect((await fuzzGuided('busy', 0)).fault).toContain('it took 2');
});

test('without a guide it goes on from batch to batch until its time is over or something is wrong', async () => {
  let left = 1_000;
  const run = () => {
    if (--left === 0) throw new Error('the thousandth');
  };
  const late = await fuzz({ name: 'late', seeds, run }, plan(PATIENT_MS));
  expect(late).toMatchObject({ fault: expect.stringContaining('the thousandth'), kept: 0 });
  expect(late.inputs).toBeGreaterThanOrEqual(1_000);
  expect(await fuzz({ name: 'idle', seeds, run: () => undefined }, plan(0))).toMatchObject({
    ...{ inputs: seeds.length, fault: undefined, kept: 0 },
  });
});

import { expect, test } from '@jest/globals';
import { readArguments, replayCommand } from './arguments.ts';
import { gateIds, nemeses, nemesisIds, notRun } from './nemeses/index.ts';
import { seededRandom } from './random.ts';
import { gateSchedule, mayMeet, smokeSchedule } from './schedule.ts';
import { stepsOf } from './steps.ts';
import { judge, tableOf } from './verdict.ts';

const seeds = Array.from({ length: 50 }, (_, n) => n + 1);

test('a seed gives the same choices again, another one gives others', () => {
  const choices = (seed: number) => {
    const random = seededRandom(seed);
    return [random.next(), random.between(1, 1_000), random.shuffled(nemesisIds), random.fork('part').next()];
  };
  expect(choices(7)).toEqual(choices(7));
  expect(choices(7)).not.toEqual(choices(8));
});

test('a part has choices of its own, however often the others are asked', () => {
  const [one, other] = [seededRandom(3), seededRandom(3)];
  for (let n = 0; n < 10; n++) one.next();
  expect(one.fork('part').next()).toBe(other.fork('part').next());
  expect(one.fork('part').next()).not.toBe(one.fork('another').next());
});

test('numbers lie between their ends, both included, and spread', () => {
  const random = seededRandom(1);
  const counts = new Map<number, number>();
  for (let n = 0; n < 3_000; n++) {
    const value = random.between(1, 6);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  expect(Math.min(...counts.values())).toBeGreaterThan(400);
});

test('a smoke run has F1, F2, F5, F9 and F10, in an order of its seed', () => {
  const orders = seeds.map((seed) => smokeSchedule(seededRandom(seed)));
  for (const steps of orders) expect(steps.flat().sort()).toEqual(['F1', 'F10', 'F2', 'F5', 'F9']);
  expect(new Set(orders.map(String)).size).toBeGreaterThan(5);
});

test('a gate has every nemesis of its stack twice, and none beside one that hurts the same', () => {
  for (const seed of seeds) {
    const steps = gateSchedule(seededRandom(seed));
    expect(steps.flat().sort()).toEqual([...gateIds, ...gateIds].sort());
    for (const [one, other] of steps) if (one && other) expect(mayMeet(one, other)).toBe(true);
  }
  expect(mayMeet('F5', 'F6')).toBe(false);
  expect(mayMeet('F2', 'F5')).toBe(true);
});

test('every row of the matrix has a nemesis, or says why not', () => {
  const rows = Array.from({ length: 18 }, (_, n) => `F${n + 1}`);
  expect([...gateIds, ...Object.keys(notRun)].sort()).toEqual(rows.sort());
  expect(Object.keys(nemeses).filter((id) => !rows.includes(id))).toEqual([]);
});

test('what this machine does not allow is named in the verdict, and refused when it is all that was asked for', () => {
  const none = new Map([['F14', 'there is no root']] as const);
  const gate = stepsOf({ mode: 'gate', only: undefined }, seededRandom(1), none);
  expect(gate.steps.flat()).not.toContain('F14');
  const table = tableOf(judge([]), gate.leftOut).join('\n');
  expect(table).toMatch(/not run F14 +there is no root/);
  for (const row of Object.keys(notRun)) expect(table).toContain(`not run ${row}`);
  expect(stepsOf({ mode: 'smoke', only: [['F14', 'F2']] }, seededRandom(1), none)).toEqual({
    steps: [['F2']],
    leftOut: [['F14', 'there is no root']],
  });
  expect(() => stepsOf({ mode: 'smoke', only: [['F14']] }, seededRandom(1), none)).toThrow(
    'F14 cannot be run: there is no root',
  );
});

test('arguments that make no sense are refused with what would', () => {
  expect(readArguments(['--smoke', '--seed', '5', '--only', 'f5,F9+F2'])).toMatchObject({
    mode: 'smoke',
    seed: 5,
    only: [['F5'], ['F9', 'F2']],
  });
  expect(() => readArguments(['--only', 'F99'])).toThrow('--only takes some of F1');
  expect(() => readArguments(['--only', 'F16,F5'])).toThrow('need different stacks');
  expect(() => readArguments(['--seed', 'x'])).toThrow('--seed takes a whole number');
});

test('the line for another run leads to the same plan', () => {
  for (const line of ['--seed 7', '--smoke --rate 90 --seed 7', '--only F5,F4+F9 --rate 1 --seed 7']) {
    const plan = readArguments(line.split(' '));
    if (plan === 'help') throw new Error('this asks for no help');
    expect(replayCommand(plan, plan.seed)).toBe(`npm run chaos -- ${line}`);
  }
});

import { setTimeout as wait } from 'node:timers/promises';
import { SecureChatError } from '@securechat/client';
import { seededRandom } from '../../chaos/random.ts';
import type { Constellation } from '../../support/constellation.ts';
import { Devices } from './devices.ts';
import { awake, type Plan, say, type World, weights } from './moves.ts';
import { judge, type Verdict } from './verdict.ts';

/** Messages between two other moves, on average; so many are on their way at once. */
const MESSAGES_PER_MOVE = 12;
const AT_ONCE = 8;
/** Everything has to have arrived by then, on a busy machine. */
const CALM_MS = 300_000;
const QUIET_MS = 3_000;

/**
 * People with several devices who write, come, go, and change devices, all as the seed has it. At the end everybody is
 * there, and everybody has to have the same.
 */
export async function simulate(
  constellation: Constellation,
  plan: Plan,
  note: (line: string) => void,
): Promise<Verdict & { counts: Record<string, number> }> {
  const random = seededRandom(plan.seed);
  const devices = new Devices(constellation);
  const people = Array.from({ length: plan.people }, (_, index) => `person_${index + 1}`);
  const world: World = { plan, random, devices, people, said: 0, counts: {} };
  try {
    for (const [index, userId] of people.entries()) await devices.signUp(userId, index);
    note(`${plan.people} people are there`);
    let told = 0;
    while (world.said < plan.messages) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => attempt(world, 'say', say)));
      if (random.next() < AT_ONCE / MESSAGES_PER_MOVE) await chooseMove(world);
      if (world.said - told >= plan.messages / 20) {
        told = world.said;
        note(`${world.said} messages ${JSON.stringify(world.counts)}`);
      }
    }
    await calm(world, note);
    return { ...(await lastWord(world)), counts: world.counts };
  } finally {
    for (const device of devices.all) await devices.switchOff(device);
  }
}

/** What is still on its way on a busy machine is not lost: it is looked again until nothing is, or for as long as that may take. */
async function lastWord(world: World): Promise<Verdict> {
  const untilMs = performance.now() + CALM_MS;
  for (;;) {
    const verdict = await judge(world);
    if (verdict.lost.length === 0 || performance.now() > untilMs) return verdict;
    await wait(QUIET_MS);
  }
}

async function chooseMove(world: World): Promise<void> {
  const sum = weights.reduce((total, [, weight]) => total + weight, 0);
  let at = world.random.next() * sum;
  for (const [name, weight, move] of weights) {
    at -= weight;
    if (at < 0) return attempt(world, name, move);
  }
}

/** What the rules forbid is refused and changes nothing; that belongs to it. Anything else ends the simulation. */
async function attempt(world: World, name: string, move: (world: World) => Promise<void>): Promise<void> {
  try {
    await move(world);
    world.counts[name] = (world.counts[name] ?? 0) + 1;
  } catch (error) {
    if (!(error instanceof SecureChatError) && !(error instanceof DOMException)) throw error;
    const refused = `${name} refused: ${error.name}`;
    world.counts[refused] = (world.counts[refused] ?? 0) + 1;
  }
}

/** Everybody is awake, and nothing is on its way any more. */
async function calm(world: World, note: (line: string) => void): Promise<void> {
  for (const device of world.devices.all) await world.devices.switchOn(device);
  let events = 0;
  const stops = awake(world).map(({ client }) => client.on('message', () => void events++));
  const untilMs = performance.now() + CALM_MS;
  for (let before = -1; performance.now() < untilMs; ) {
    const waiting = awake(world).reduce((sum, { client }) => sum + client.waiting, 0);
    if (waiting === 0 && events === before) break;
    before = events;
    await wait(QUIET_MS);
  }
  for (const stop of stops) stop();
  note('everything is quiet');
}

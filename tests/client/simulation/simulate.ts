import { setTimeout as wait } from 'node:timers/promises';
import { SecureChatError } from '@securechat/client';
import { seededRandom } from '../../chaos/random.ts';
import type { Constellation } from '../../support/constellation.ts';
import { Devices } from './devices.ts';
import { awake, type Plan, say, type World, weights } from './moves.ts';
import { underWay } from './server.ts';
import { judge, type Verdict } from './verdict.ts';

/** Messages between two other moves, on average; so many are on their way at once. */
const MESSAGES_PER_MOVE = 12;
const AT_ONCE = 8;
/** So long nothing more arrives, also on a busy machine: then nothing will. */
const CALM_MS = 120_000;
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
    const { postgresUrl } = constellation.stores;
    await calm(world, postgresUrl, note);
    return { ...(await judge(world, postgresUrl)), counts: world.counts };
  } finally {
    for (const device of devices.all) await devices.switchOff(device);
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

/** Everybody is awake, and nothing is on its way any more: not here, and not at the server. */
async function calm(world: World, postgresUrl: string, note: (line: string) => void): Promise<void> {
  for (const device of world.devices.all) await world.devices.switchOn(device);
  let [fewest, sinceMs] = [Number.POSITIVE_INFINITY, performance.now()];
  for (let quiet = 0; quiet < 2; await wait(QUIET_MS)) {
    const unsent = awake(world).reduce((sum, { client }) => sum + client.waiting, 0);
    const away = awake(world).filter(({ client }) => client.state !== 'connected').length;
    const undelivered = await underWay(postgresUrl);
    const left = unsent + away + undelivered;
    quiet = left === 0 ? quiet + 1 : 0;
    if (left < fewest) [fewest, sinceMs] = [left, performance.now()];
    if (performance.now() - sinceMs < CALM_MS) continue;
    note(`it stays restless: ${unsent} not sent, ${undelivered} not delivered, ${away} devices away`);
    return;
  }
  note('everything is quiet');
}

import { setTimeout as wait } from 'node:timers/promises';
import { SecureChatError } from '@securechat/client';
import { seededRandom } from '../../chaos/random.ts';
import type { Constellation } from '../../support/constellation.ts';
import { Devices } from './devices.ts';
import { deviceMoves } from './moves/devices.ts';
import { createGroup, groupMoves } from './moves/groups.ts';
import { peopleMoves } from './moves/people.ts';
import { speak } from './moves/words.ts';
import { underWay } from './server.ts';
import { judge, type Verdict } from './verdict/judge.ts';
import { awake, chosen, type Move, type Plan, type World } from './world.ts';

const moves = [...groupMoves, ...peopleMoves, ...deviceMoves];

/** Messages between two other moves, on average; so many are on their way at once. */
const MESSAGES_PER_MOVE = 6;
const AT_ONCE = 8;
const BREATH_MS = 150;
/** Other moves that are under way at once, at most. */
const MOVES_AT_ONCE = 8;
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
    for (const _ of people) await attempt(world, 'group', createGroup);
    let told = 0;
    const under = new Set<Promise<void>>();
    while (world.said < plan.messages) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => attempt(world, 'words', speak)));
      // a person writes, and then looks at something else
      await wait(BREATH_MS);
      if (under.size < MOVES_AT_ONCE && random.next() < AT_ONCE / MESSAGES_PER_MOVE) {
        const [name, , move] = chosen(random, moves);
        const moving = attempt(world, name, move);
        under.add(moving);
        void moving.finally(() => under.delete(moving));
      }
      if (world.said - told >= plan.messages / 20) {
        told = world.said;
        note(`${world.said} messages ${JSON.stringify(world.counts)}`);
      }
    }
    await Promise.all(under);
    const { postgresUrl } = constellation.stores;
    await calm(world, postgresUrl, note);
    // some of it is learnt with the next connection only, such as blocks; and what is on the disk has to be enough
    for (const device of devices.all) await devices.switchOff(device);
    await calm(world, postgresUrl, note);
    return { ...(await judge(world, postgresUrl)), counts: world.counts };
  } finally {
    for (const device of devices.all) await devices.switchOff(device);
  }
}

/** A move that says what it was. */
type Telling = (world: World) => Promise<string>;

/** What the rules forbid is refused and changes nothing; that belongs to it. Anything else ends the simulation. */
async function attempt(world: World, name: string, move: Move | Telling): Promise<void> {
  try {
    count(world, (await move(world)) ?? name);
  } catch (error) {
    if (!(error instanceof SecureChatError) && !(error instanceof DOMException)) throw error;
    count(world, `${name} refused: ${error.name}`);
  }
}

function count({ counts }: World, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
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
    for (const { client } of awake(world))
      if (client.waiting > 0 || client.state !== 'connected')
        note(`${client.me.userId}:${client.me.deviceId} is ${client.state}, ${client.waiting} not sent`);
    return;
  }
  note('everything is quiet');
}

import type { Client, Conversation } from '@securechat/client';
import type { Random } from '../../chaos/random.ts';
import type { Devices, SimulatedDevice } from './devices.ts';

export type Plan = { people: number; devicesEach: number; messages: number; seed: number };
export type Move = (world: World) => Promise<void>;
/** How often each is chosen beside the others of its list. */
export type Moves = readonly (readonly [name: string, weight: number, move: Move])[];
export type Awake = SimulatedDevice & { client: Client };

export type World = {
  readonly plan: Plan;
  readonly random: Random;
  readonly devices: Devices;
  readonly people: readonly string[];
  said: number;
  readonly counts: Record<string, number>;
};

/** So long a person waits for a change; it may still be done later. */
export const patience = { deadlineMs: 20_000 };

export function awake({ devices }: Pick<World, 'devices'>): Awake[] {
  return devices.all.filter((device): device is Awake => device.client !== undefined);
}

/** Somebody who is awake, and one of their conversations. */
export function somewhere(
  world: World,
  isMeant: (conversation: Conversation) => boolean = () => true,
): { device: Awake; conversation: Conversation } | undefined {
  const device = world.random.pick(awake(world));
  const mine = device.client.conversations().filter((each) => each.isMember && isMeant(each));
  return mine.length === 0 ? undefined : { device, conversation: world.random.pick(mine) };
}

export function chosen(random: Random, moves: Moves): (typeof moves)[number] {
  const sum = moves.reduce((total, [, weight]) => total + weight, 0);
  let at = random.next() * sum;
  const found = moves.find(([, weight]) => {
    at -= weight;
    return at < 0;
  });
  return found ?? random.pick(moves);
}

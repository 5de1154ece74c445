import type { Client, Conversation } from '@securechat/client';
import type { Random } from '../../chaos/random.ts';
import type { Devices, SimulatedDevice } from './devices.ts';

export type Plan = { people: number; devicesEach: number; messages: number; seed: number };
export type Move = (world: World) => Promise<void>;

export type World = {
  readonly plan: Plan;
  readonly random: Random;
  readonly devices: Devices;
  readonly people: readonly string[];
  said: number;
  readonly counts: Record<string, number>;
};

/** How often each is chosen beside the others. Messages are said between them. */
export const weights: readonly (readonly [name: string, weight: number, move: Move])[] = [
  ['direct', 6, beginDirect],
  ['group', 3, beginGroup],
  ['add', 4, addMember],
  ['remove', 2, removeMember],
  ['leave', 1, leaveGroup],
  ['rename', 2, renameGroup],
  ['restart', 6, restartDevice],
  ['link', 3, linkDevice],
  ['revoke', 1, revokeDevice],
];

export function awake({ devices }: World): (SimulatedDevice & { client: Client })[] {
  return devices.all.filter(
    (device): device is SimulatedDevice & { client: Client } => device.client !== undefined,
  );
}

/** Somebody who is awake says something, if there is a conversation. */
export async function say(world: World): Promise<void> {
  const { random } = world;
  const device = random.pick(awake(world));
  const mine = device.client.conversations().filter(({ isMember }) => isMember);
  if (mine.length === 0) return;
  await random.pick(mine).send(`${device.userId}:${device.deviceId} ${++world.said}`);
}

async function beginDirect({ random, people, ...world }: World): Promise<void> {
  const device = random.pick(awake({ random, people, ...world }));
  const peer = random.pick(people.filter((user) => user !== device.userId));
  await device.client.direct(peer);
}

async function beginGroup(world: World): Promise<void> {
  const { random, people } = world;
  const device = random.pick(awake(world));
  const others = people.filter((user) => user !== device.userId);
  const members = random.shuffled(others).slice(0, random.between(1, Math.min(12, others.length)));
  await device.client.createGroup({ name: `group ${random.between(1, 1_000)}`, members });
}

async function addMember(world: World): Promise<void> {
  const group = ruled(world);
  const outside = world.people.filter((user) => !group?.memberIds.includes(user));
  if (group && outside.length > 0) await group.add([world.random.pick(outside)]);
}

async function removeMember(world: World): Promise<void> {
  const group = ruled(world);
  const others = group?.members().filter(({ role }) => role === 'member') ?? [];
  if (group && others.length > 1) await group.remove(world.random.pick(others).userId);
}

async function leaveGroup(world: World): Promise<void> {
  const device = world.random.pick(awake(world));
  const groups = device.client
    .conversations()
    .filter((c) => c.kind === 'group' && c.isMember && c.ownRole !== 'owner');
  if (groups.length > 0) await world.random.pick(groups).leave();
}

async function renameGroup(world: World): Promise<void> {
  await ruled(world)?.rename(`name ${world.random.between(1, 1_000)}`);
}

function ruled(world: World): Conversation | undefined {
  const device = world.random.pick(awake(world));
  const groups = device.client
    .conversations()
    .filter((c) => c.kind === 'group' && c.isMember && c.ownRole !== 'member');
  return groups.length === 0 ? undefined : world.random.pick(groups);
}

/** Off, and on again; what the person had written goes out then. */
async function restartDevice(world: World): Promise<void> {
  const device = world.random.pick(awake(world));
  await world.devices.switchOff(device);
  await world.devices.switchOn(device);
}

async function linkDevice(world: World): Promise<void> {
  const device = world.random.pick(awake(world));
  if (world.devices.of(device.userId).length < world.plan.devicesEach) await world.devices.link(device);
}

async function revokeDevice(world: World): Promise<void> {
  const device = world.random.pick(awake(world));
  const others = world.devices.of(device.userId).filter((other) => other !== device);
  if (others.length === 0) return;
  const lost = world.random.pick(others);
  lost.isRevoked = true;
  try {
    await device.client.revoke(lost.deviceId);
  } catch (error) {
    lost.isRevoked = false;
    throw error;
  }
  await world.devices.switchOff(lost);
}

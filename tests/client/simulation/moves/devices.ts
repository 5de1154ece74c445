import { awake, type Moves, type World } from '../world.ts';

/** So many writes to the store after the choice a device dies: in the middle of whatever it does. */
const WRITES_TO_DEATH = 40;

/** What happens to devices. */
export const deviceMoves: Moves = [
  ['restart', 4, restart],
  ['kill', 8, kill],
  ['away', 3, goAway],
  ['back', 4, comeBack],
  ['link', 3, link],
  ['revoke', 1, revoke],
  ['recover', 0.5, recover],
];

/** Off, and on again; what the person had written goes out then. */
async function restart({ devices, random }: World): Promise<void> {
  const device = random.pick(awake({ devices }));
  await devices.switchOff(device);
  await devices.switchOn(device);
}

async function kill({ devices, random }: World): Promise<void> {
  const device = random.pick(awake({ devices }));
  await devices.kill(device, random.between(0, WRITES_TO_DEATH));
  await devices.switchOn(device);
}

async function goAway({ devices, random, people }: World): Promise<void> {
  const all = awake({ devices });
  if (all.length > people.length / 2) await devices.switchOff(random.pick(all));
}

async function comeBack({ devices, random }: World): Promise<void> {
  const asleep = devices.all.filter(({ client, isRevoked }) => !client && !isRevoked);
  if (asleep.length > 0) await devices.switchOn(random.pick(asleep));
}

async function link({ devices, random, plan }: World): Promise<void> {
  const device = random.pick(awake({ devices }));
  const writes = random.pick([undefined, random.between(1, WRITES_TO_DEATH)]);
  if (devices.of(device.userId).length < plan.devicesEach) await devices.link(device, writes);
}

/** The lost one may be in the middle of writing, or away; so may whoever takes it out. */
async function revoke({ devices, random }: World): Promise<void> {
  const device = random.pick(awake({ devices }));
  const others = devices.of(device.userId).filter((other) => other !== device);
  if (others.length === 0) return;
  const lost = random.pick(others);
  lost.mayBeRevoked = true;
  await device.client.revoke(lost.deviceId);
  lost.isRevoked = true;
  await devices.switchOff(lost);
}

/** All devices of a person are lost, and their paper is not. */
async function recover({ devices, random }: World): Promise<void> {
  await devices.recover(random.pick(awake({ devices })));
}

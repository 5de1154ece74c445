import { awake, type Moves, patience, somewhere, type World } from '../world.ts';

/** How people deal with each other. */
export const peopleMoves: Moves = [
  ['direct', 6, beginDirect],
  ['accept', 6, accept],
  ['block', 1, block],
  ['unblock', 2, unblock],
  ['profile', 2, describe],
];

async function beginDirect({ random, people, ...world }: World): Promise<void> {
  const device = random.pick(awake(world));
  const peer = random.pick(people.filter((user) => user !== device.userId));
  await device.client.direct(peer, patience);
}

async function accept(world: World): Promise<void> {
  await somewhere(world, ({ isRequest }) => isRequest)?.conversation.accept();
}

async function block(world: World): Promise<void> {
  await somewhere(world, ({ kind, isBlocked }) => kind === 'direct' && !isBlocked)?.conversation.block();
}

async function unblock(world: World): Promise<void> {
  await somewhere(world, ({ isBlocked }) => isBlocked)?.conversation.unblock();
}

async function describe(world: World): Promise<void> {
  const { client, userId } = world.random.pick(awake(world));
  await client.setProfile({ displayName: `${userId} the ${world.random.between(1, 1_000)}th` });
}

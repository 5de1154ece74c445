import type { Conversation, Role } from '@securechat/client';
import { openGroupLinks } from '@securechat/client/group-links';
import { type Awake, awake, chosen, type Moves, patience, somewhere, type World } from '../world.ts';

const ROLES: readonly Role[] = ['admin', 'admin', 'member', 'owner'];
const LINK_USES = 5;

/** What an owner or admin changes. */
const rulings: readonly (readonly [number, (world: World, group: Conversation) => Promise<void>])[] = [
  [4, addMember],
  [2, removeMember],
  [2, rename],
  [3, giveRole],
];

export const groupMoves: Moves = [
  ['group', 3, createGroup],
  ['rule', 10, rule],
  ['rule at once', 2, ruleAtOnce],
  ['leave', 1, leave],
  ['by link', 2, joinByLink],
];

export async function createGroup({ random, people, ...world }: World): Promise<void> {
  const device = random.pick(awake(world));
  const others = people.filter((user) => user !== device.userId);
  const members = random.shuffled(others).slice(0, random.between(1, Math.min(12, others.length)));
  await device.client.createGroup({ name: `group ${random.between(1, 1_000)}`, members }, patience);
}

async function rule(world: World): Promise<void> {
  const place = somewhere(world, isRuled);
  if (place) await ruling(world, place.conversation);
}

/** All who may and are awake change the same group, each in another way. */
async function ruleAtOnce(world: World): Promise<void> {
  const id = somewhere(world, isRuled)?.conversation.id;
  const groups = awake(world).flatMap(({ client }) => client.conversation(id ?? '') ?? []);
  const ended = await Promise.allSettled(groups.filter(isRuled).map((group) => ruling(world, group)));
  const failed = ended.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

const isRuled = ({ kind, isMember, ownRole }: Conversation): boolean =>
  kind === 'group' && isMember && ownRole !== 'member';

async function ruling(world: World, group: Conversation): Promise<void> {
  const named = rulings.map(([weight, move]) => ['', weight, () => move(world, group)] as const);
  await chosen(world.random, named)[2](world);
}

async function addMember({ people, random }: World, group: Conversation): Promise<void> {
  const outside = people.filter((user) => !group.memberIds.includes(user));
  if (outside.length > 0) await group.add([random.pick(outside)], patience);
}

async function removeMember({ random }: World, group: Conversation): Promise<void> {
  const others = group.members().filter(({ role }) => role === 'member');
  if (others.length > 1) await group.remove(random.pick(others).userId, patience);
}

async function rename({ random }: World, group: Conversation): Promise<void> {
  await group.rename(`name ${random.between(1, 1_000)}`, patience);
}

async function giveRole({ random }: World, group: Conversation): Promise<void> {
  await group.setRole(random.pick(group.memberIds), random.pick(ROLES), patience);
}

async function leave(world: World): Promise<void> {
  const place = somewhere(world, ({ kind, ownRole }) => kind === 'group' && ownRole !== 'owner');
  await place?.conversation.leave(patience);
}

async function joinByLink(world: World): Promise<void> {
  const place = somewhere(world, isRuled);
  if (!place) return;
  const link = await openGroupLinks(place.device.client).make(place.conversation, { uses: LINK_USES });
  const isOutside = ({ userId }: Awake): boolean => !place.conversation.memberIds.includes(userId);
  const outside = awake(world).filter(isOutside);
  if (outside.length > 0) await openGroupLinks(world.random.pick(outside).client).join(link, patience);
}

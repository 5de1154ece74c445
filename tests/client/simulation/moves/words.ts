import { randomBytes } from 'node:crypto';
import type { Conversation, Message, SendOptions } from '@securechat/client';
import { type Awake, chosen, type Moves, somewhere, type World } from '../world.ts';

const EMOJI = ['👍', '❤️', '🎉', undefined] as const;
/** Some are over before the end, some are not. */
const EXPIRY_MS = [2_000, 5_000, 3_600_000];
const NEWEST = 15;

/** What is said, and what is done to what was said. */
const words: Moves = [
  ['text', 60, (world) => say(world, () => ({}))],
  ['reply', 6, (world) => say(world, ({ id }) => ({ replyTo: id }))],
  ['thread', 6, (world) => say(world, ({ id, threadId = id }) => ({ threadId }))],
  ['disappearing', 4, (world) => say(world, () => ({ expiresInMs: world.random.pick(EXPIRY_MS) }))],
  ['share', 2, share],
  ['edit', 8, edit],
  ['delete', 3, remove],
  ['react', 10, react],
  ['read', 10, read],
  ['retry', 1, retry],
];

/** Somebody who is awake does something with words, if there is a conversation. */
export async function speak(world: World): Promise<string> {
  const [name, , move] = chosen(world.random, words);
  await move(world);
  return name;
}

async function say(world: World, optionsFor: (about: Message) => SendOptions): Promise<void> {
  const place = somewhere(world);
  if (!place) return;
  const { device, conversation } = place;
  const about = await someLine(world, conversation, ({ place }) => place !== undefined);
  await conversation.send(textOf(world, device), about ? optionsFor(about) : {});
}

const textOf = (world: World, { userId, deviceId }: Awake): string => `${userId}:${deviceId} ${++world.said}`;

async function share(world: World): Promise<void> {
  const place = somewhere(world);
  if (!place) return;
  const secret = (): string => randomBytes(32).toString('base64');
  const sizes = { size: 1_000, cipherSize: 1_040, chunkSize: 65_536 };
  const facts = { name: `file ${++world.said}`, mimeType: 'text/plain', key: secret(), sha256: secret() };
  await place.conversation.share({ fileId: `f_${randomBytes(8).toString('hex')}`, ...facts, ...sizes });
}

async function edit(world: World): Promise<void> {
  const place = somewhere(world);
  const line = await someLine(world, place?.conversation, (each) => each.isOwn && each.body.type === 'text');
  if (place && line) await place.conversation.edit(line.id, `${textOf(world, place.device)} edited`);
}

async function remove(world: World): Promise<void> {
  const place = somewhere(world);
  const isRuler = place?.conversation.kind === 'group' && place.conversation.ownRole !== 'member';
  const line = await someLine(world, place?.conversation, ({ isOwn }) => isOwn || isRuler);
  if (line) await place?.conversation.deleteForEveryone(line.id);
}

async function react(world: World): Promise<void> {
  const place = somewhere(world);
  const line = await someLine(world, place?.conversation, () => true);
  if (line) await place?.conversation.react(line.id, world.random.pick(EMOJI));
}

async function read(world: World): Promise<void> {
  const place = somewhere(world);
  const line = await someLine(world, place?.conversation, () => true);
  if (line) await place?.conversation.markRead(line.id, line.threadId ? { threadId: line.threadId } : {});
}

async function retry(world: World): Promise<void> {
  const place = somewhere(world);
  const line = await someLine(world, place?.conversation, ({ status }) => status === 'failed');
  if (line) await place?.conversation.retry(line.id);
}

async function someLine(
  { random }: World,
  conversation: Conversation | undefined,
  isMeant: (line: Message) => boolean,
): Promise<Message | undefined> {
  const lines = await conversation?.messages({ limit: NEWEST });
  const meant = lines?.filter((line) => line.body.type !== 'notice' && isMeant(line)) ?? [];
  return meant.length === 0 ? undefined : random.pick(meant);
}

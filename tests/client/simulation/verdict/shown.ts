import type { Conversation, Member, Message } from '@securechat/client';
import { allLines, type SimulatedDevice } from '../devices.ts';
import type { Awake } from '../world.ts';

/** What a person sees of a conversation on one device. */
export type Shown = {
  readonly device: string;
  readonly me: { userId: string; deviceId: string };
  readonly conversation: Conversation;
  /** Those of threads stand behind those outside. */
  readonly lines: readonly Message[];
  readonly members: readonly Member[];
  readonly kept: Kept;
};

/** What the device remembers and shows only in part. */
type Kept = {
  readonly joinedPlace: number;
  readonly readThrough: number;
  readonly threadReads: Readonly<Record<string, number>>;
  readonly log: { readonly unvouched?: unknown };
};

export async function shownOn(device: Awake): Promise<Shown[]> {
  const { client } = device;
  const members = client.conversations().filter(({ isMember }) => isMember);
  return Promise.all(members.map((conversation) => shownIn(device, conversation)));
}

async function shownIn(device: Awake, conversation: Conversation): Promise<Shown> {
  const { client } = device;
  const lines = await allLines(client, conversation.id);
  for (const { threadId } of await conversation.threads())
    lines.push(...(await allLines(client, conversation.id, threadId)));
  return {
    ...{ device: nameOf(device), me: client.me, conversation, lines },
    members: conversation.members(),
    kept: keptIn(device, conversation.id),
  };
}

export const nameOf = ({ userId, deviceId }: SimulatedDevice): string => `${userId}:${deviceId}`;

function keptIn({ disk }: SimulatedDevice, id: string): Kept {
  return JSON.parse(new TextDecoder().decode(disk.get(`conversation/${id}`))) as Kept;
}

import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { until } from '@securechat/testkit';
import { type Cursor, cursorsOf } from './database.ts';
import type { ServiceProcess } from './service-process.ts';
import type { Stack } from './stack.ts';
import type { Talker } from './traffic.ts';

/** Workers look at their shares every half second. */
const SETTLED_MS = 1_000;

/** A delivery process with the partitions it owns, and whose talk goes through them. */
export type Owner = {
  readonly process: ServiceProcess;
  /** How the process signs its partitions. */
  readonly worker: string;
  readonly cursors: readonly Cursor[];
  readonly talkers: readonly Talker[];
  readonly conversations: ReadonlySet<string>;
};

/**
 * The delivery processes as soon as the partitions are in so many `hands`, evenly, or stay in any; the one with most of the talk
 * first.
 */
export async function ownersOf(
  stack: Stack,
  talkers: readonly Talker[],
  streams: ReadonlyMap<string, string>,
  hands: number | 'any',
): Promise<[Owner, ...Owner[]]> {
  const cursors = await sharedCursors(stack, hands);
  const owners = stack.constellation.deliveries.map((process): Owner => {
    const worker = workerOf(process);
    const own = cursors.filter(({ owner }) => owner === worker);
    const names = new Set(own.map(({ stream }) => stream));
    const through = talkers.filter(({ conversation }) => names.has(streams.get(conversation.id) ?? ''));
    const conversations = new Set(through.map(({ conversation }) => conversation.id));
    return { process, worker, cursors: own, talkers: through, conversations };
  });
  return owners.sort((one, other) => other.talkers.length - one.talkers.length) as [Owner, ...Owner[]];
}

const workerOf = ({ name }: ServiceProcess): string => name.replace(' ', '-');

/** Two releases count each other differently, so between them any share will do that stays. */
function sharedCursors(stack: Stack, hands: number | 'any'): Promise<Cursor[]> {
  const { deliveries } = stack.constellation;
  let before = '';
  return until('the partitions are shared out', async () => {
    const cursors = await cursorsOf(stack);
    const shares = deliveries
      .map((process) => cursors.filter(({ owner }) => owner === workerOf(process)).length)
      .filter((share) => share > 0);
    const isEven = shares.every((share) => share === cursors.length / shares.length);
    const owners = cursors.map(({ owner }) => owner).join();
    const stays = owners === before;
    before = owners;
    if (hands !== 'any') return isEven && shares.length === hands && cursors;
    await sleep(SETTLED_MS);
    return cursors.every(({ owner }) => owner) && stays && cursors;
  });
}

/**
 * The stream that carries each conversation: the one whose cursor moves when a message is sent. Nobody may be talking
 * yet.
 */
export async function streamsOf(stack: Stack, talkers: readonly Talker[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { client, conversation } of talkers) {
    if (found.has(conversation.id)) continue;
    const before = new Map((await cursorsOf(stack)).map(({ stream, last_id }) => [stream, last_id]));
    await client.sendChat(conversation, 'which way does this go?');
    const moved = (await cursorsOf(stack)).filter(
      ({ stream, last_id }) => stream.endsWith(':in') && last_id !== before.get(stream),
    );
    expect(moved).toHaveLength(1);
    for (const { stream } of moved) found.set(conversation.id, stream);
  }
  return found;
}

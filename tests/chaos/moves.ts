import { setTimeout as wait } from 'node:timers/promises';
import { within } from '@securechat/testkit';
import { conversationOf } from './cast.ts';
import type { World } from './world.ts';

export type Moves = {
  readonly done: number;
  /** Changes that were refused, or gave up in an outage, are retried; if none ever succeeds, that is a violation. */
  violations(): string[];
  /** Starts no further change, and waits for the current one. */
  stop(deadlineMs: number): Promise<void>;
};

const EVERY_MS = 1_500;

/**
 * Repeatedly removes one person from a group and adds them again, whatever else happens: each change moves the epoch under everybody who
 * is sending there. The person only reads, since what a removed member sends would rightly be refused.
 */
export function startMoves({ cast }: World): Moves {
  const stopping = new AbortController();
  const failures: string[] = [];
  let done = 0;
  let isStuck = false;

  async function run(): Promise<void> {
    const { moved } = cast;
    const [founder] = cast.clientsOf(moved.talk.members[0]);
    if (!founder) throw new Error('the founder of a group has no device');
    const conversation = conversationOf(founder, moved.talk);
    while (!stopping.signal.aborted) {
      const isIn = founder.log(conversation).devicesOf(moved.person.id).length > 0;
      try {
        await (isIn
          ? founder.groups.removeMember(conversation, moved.person.id)
          : founder.groups.addMembers(conversation, [moved.person]));
        done += 1;
      } catch (error) {
        failures.push((error as Error).message);
      }
      await wait(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }
  const running = run();

  return {
    get done() {
      return done;
    },
    violations: () => {
      const last = failures.at(-1);
      return done === 0 || isStuck
        ? [`answers: members could not be changed (${done} were): ${last ?? 'no answer'}`]
        : [];
    },
    async stop(deadlineMs) {
      stopping.abort();
      await within(running, deadlineMs, () => 'the answer to a change of members').catch((error: Error) => {
        isStuck = true;
        failures.push(error.message);
      });
    },
  };
}

import { within } from '@securechat/testkit';
import { markViolations, readStoredMarks, readStoredMessages, storageViolations } from '../support/stored.ts';
import { countDeadLetters } from './nemeses/poison.ts';
import type { World } from './world.ts';

/** For all messages of a long run. */
const READ_DEADLINE_MS = 60_000;

/** Violations found in Postgres at the end. A Postgres that does not answer has not recovered, which is a violation like any other. */
export async function storeViolations(world: World): Promise<string[]> {
  try {
    const { postgres, history, poisoned } = world;
    const stored = readStoredMessages(postgres.url);
    const rows = await within(stored, READ_DEADLINE_MS, () => 'the stored messages');
    const marks = await within(readStoredMarks(postgres.url), READ_DEADLINE_MS, () => 'the stored marks');
    const letters = await countDeadLetters(world);
    return [
      ...storageViolations(rows, history.events),
      ...markViolations(marks, history.events),
      ...(letters === poisoned ? [] : [`health: ${letters} dead letters, of which ${poisoned} were planted`]),
    ];
  } catch (error) {
    return [`health: the store cannot be read at the end: ${(error as Error).message}`];
  }
}

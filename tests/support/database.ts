import { expect } from '@jest/globals';
import { type History, rowsOf } from '@securechat/testkit';
import type { Stack } from './stack.ts';
import { readStoredMessages, type StoredRow, storageViolations } from './stored.ts';

/** SQL: the `INSTANCE_ID` in an owner, without what is new at each start and without the lane. */
const instanceOf = (owner: string): string => `split_part(split_part(${owner}, '/', 1), '.', 1)`;

/** A partition of the ordered streams, as delivery keeps it; its owner by `INSTANCE_ID`. */
export type Cursor = { stream: string; owner: string | null; fence: number; last_id: string };

const urlOf = (stack: Stack): string => stack.constellation.stores.postgresUrl;

export function cursorsOf(stack: Stack): Promise<Cursor[]> {
  return rowsOf<Cursor>(
    urlOf(stack),
    `SELECT stream, ${instanceOf('owner')} AS owner, fence::int, last_id FROM delivery.stream_cursors ORDER BY stream`,
  );
}

/** Everything that is stored, group operations included, in the order of its conversations. */
export const storedMessages = (stack: Stack): Promise<StoredRow[]> => readStoredMessages(urlOf(stack));

/** No ack without its row, none of them twice, and no place in a conversation left empty. */
export async function expectStored(
  stack: Stack,
  history: History,
  acked: ReadonlySet<string>,
): Promise<void> {
  const acks = history.events.filter((event) => event.type === 'send' && event.phase === 'ok');
  expect(acks.length).toBeGreaterThanOrEqual(acked.size);
  expect(storageViolations(await storedMessages(stack), history.events)).toEqual([]);
}

/** That a partition's cursor moved: the mark of every batch that was written. */
export type CursorMove = { stream: string; owner: string; fence: number; session: string };

/** From now on Postgres itself notes which of its sessions moves which cursor, and who owns it at that moment. */
export async function watchCursors(stack: Stack): Promise<void> {
  await rowsOf(
    urlOf(stack),
    `CREATE TABLE public.cursor_moves
       (number bigint GENERATED ALWAYS AS IDENTITY, stream text, owner text, fence bigint, session text);
     CREATE FUNCTION public.note_cursor_move() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
     BEGIN
       INSERT INTO public.cursor_moves (stream, owner, fence, session)
         SELECT NEW.stream, ${instanceOf('NEW.owner')}, NEW.fence, pid || ' of ' || backend_start
           FROM pg_stat_activity WHERE pid = pg_backend_pid();
       RETURN NULL;
     END $$;
     CREATE TRIGGER note_cursor_move AFTER UPDATE OF last_id ON delivery.stream_cursors
       FOR EACH ROW EXECUTE FUNCTION public.note_cursor_move();`,
  );
}

/** In the order in which they happened to each stream. */
export function cursorMoves(stack: Stack): Promise<CursorMove[]> {
  return rowsOf<CursorMove>(
    urlOf(stack),
    'SELECT stream, owner, fence::int, session FROM public.cursor_moves ORDER BY number',
  );
}

import { expect } from '@jest/globals';
import { type History, rowsOf } from '@securechat/testkit';
import type { Stack } from './stack.ts';

/** A partition of the ordered streams, as delivery keeps it. */
export type Cursor = { stream: string; owner: string | null; fence: number; last_id: string };

const urlOf = (stack: Stack): string => stack.constellation.stores.postgresUrl;

export function cursorsOf(stack: Stack): Promise<Cursor[]> {
  return rowsOf<Cursor>(
    urlOf(stack),
    'SELECT stream, owner, fence::int, last_id FROM delivery.stream_cursors ORDER BY stream',
  );
}

type StoredRow = { conversation: string; conv_seq: number; msg_id: string; server_ts_ms: number };

/** Everything that is stored, group operations included, in the order of its conversations. */
export function storedMessages(stack: Stack): Promise<StoredRow[]> {
  return rowsOf<StoredRow>(
    urlOf(stack),
    `SELECT c.ext_id AS conversation, m.conv_seq::int, m.msg_id, m.server_ts_ms::float8
       FROM delivery.messages m JOIN delivery.conversations c ON c.id = m.conv_id
      ORDER BY c.ext_id, m.conv_seq`,
  );
}

/** No ack without its row, none of them twice, and no place in a conversation left empty. */
export async function expectStored(
  stack: Stack,
  history: History,
  acked: ReadonlySet<string>,
): Promise<void> {
  const rows = await storedMessages(stack);
  const placeOf = new Map(rows.map((row) => [row.msg_id, `${row.conversation} ${row.conv_seq}`]));
  expect(placeOf.size).toBe(rows.length);

  const acks = history.events.filter((event) => event.type === 'send' && event.phase === 'ok');
  expect(acks.length).toBeGreaterThanOrEqual(acked.size);
  const astray = acks.flatMap((event) => {
    if (event.type !== 'send' || event.phase !== 'ok') return [];
    const acknowledged = `${event.conversation_id} ${event.conv_seq}`;
    const place = placeOf.get(event.id);
    return place === acknowledged ? [] : [`${event.id} was acked at ${acknowledged}, stored at ${place}`];
  });
  expect(astray).toEqual([]);

  const places = Map.groupBy(rows, ({ conversation }) => conversation);
  for (const list of places.values()) {
    expect(list.map(({ conv_seq }) => conv_seq)).toEqual(list.map((_, index) => index + 1));
  }
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
         SELECT NEW.stream, NEW.owner, NEW.fence, pid || ' of ' || backend_start
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

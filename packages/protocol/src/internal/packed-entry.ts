/**
 * How several records share one stream entry: `u32 length of head | head (JSON array) | bodies`.
 *
 * One entry carries the output of one event-loop turn: at 600 bytes a message, a separate entry costs Redis and its
 * clients about 30 µs of CPU, a share of a packed one about 4 (docs/performance.md). A body is the payload a client
 * sent, byte for byte; nobody parses it again just to pass it on.
 */
const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder('utf-8', { fatal: true });

/** Name of an entry's only field. */
export const ENTRY_FIELD = 'e';

export type Packed<Head> = { head: Head; body: Uint8Array };

export function packEntry<Head>(records: readonly Packed<Head>[]): Uint8Array<ArrayBuffer> {
  const heads = records.map(({ head, body }) => ({ ...head, bytes: body.length }));
  const head = utf8Encoder.encode(JSON.stringify(heads));
  const bodyBytes = records.reduce((sum, record) => sum + record.body.length, 0);
  const entry = new Uint8Array(4 + head.length + bodyBytes);
  new DataView(entry.buffer).setUint32(0, head.length);
  entry.set(head, 4);
  let at = 4 + head.length;
  for (const { body } of records) {
    entry.set(body, at);
    at += body.length;
  }
  return entry;
}

/** Throws `RangeError` when the entry is malformed. Bodies are views of `entry`. */
export function unpackEntry<Head>(entry: Uint8Array): Packed<Head>[] {
  if (entry.length < 4) throw new RangeError('packed entry: too short');
  const headLength = new DataView(entry.buffer, entry.byteOffset, 4).getUint32(0);
  let at = 4 + headLength;
  if (at > entry.length) throw new RangeError('packed entry: head beyond its end');
  const heads = parseHeads(entry.subarray(4, at));
  const records = heads.map((head) => {
    const bytes = (head as { bytes?: unknown } | null)?.bytes;
    if (!Number.isSafeInteger(bytes)) throw new RangeError('packed entry: a record without a length');
    const end = at + (bytes as number);
    if (end < at || end > entry.length) throw new RangeError('packed entry: body beyond its end');
    const record = { head: head as Head, body: entry.subarray(at, end) };
    at = end;
    return record;
  });
  if (at !== entry.length) throw new RangeError('packed entry: bytes left over');
  return records;
}

function parseHeads(bytes: Uint8Array): unknown[] {
  let heads: unknown;
  try {
    heads = JSON.parse(utf8Decoder.decode(bytes));
  } catch (cause) {
    throw new RangeError('packed entry: head is not JSON', { cause });
  }
  if (!Array.isArray(heads)) throw new RangeError('packed entry: head is not a list');
  return heads;
}

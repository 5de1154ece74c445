import { PoisonError } from '../errors.ts';

export type StreamEntry = {
  stream: string;
  /** As Redis gave it: `1700000000000-0`. */
  id: string;
  fields: ReadonlyMap<string, Buffer>;
};

/** The next possible id after this one: trimming up to it includes the entry itself. */
export function idBehind(id: string): string {
  const [ms = '0', place = '0'] = id.split('-');
  return `${ms}-${BigInt(place) + 1n}`;
}

/**
 * Parses the reply of XREAD or XREADGROUP in Buffers (RESP2): `[[stream, [[id, [field, value, …]], …]], …]`, or null
 * when there was nothing. Throws a PoisonError for any other shape.
 */
export function parseEntries(reply: unknown): StreamEntry[] {
  if (reply === null) return [];
  return asArray(reply).flatMap((pair) => {
    const [stream, entries] = asArray(pair);
    const name = asBuffer(stream).toString();
    return asArray(entries).map((entry) => {
      const [id, fields] = asArray(entry);
      return { stream: name, id: asBuffer(id).toString(), fields: parseFields(asArray(fields)) };
    });
  });
}

function parseFields(flat: readonly unknown[]): ReadonlyMap<string, Buffer> {
  const fields = new Map<string, Buffer>();
  for (let i = 0; i + 1 < flat.length; i += 2)
    fields.set(asBuffer(flat[i]).toString(), asBuffer(flat[i + 1]));
  return fields;
}

function asArray(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new PoisonError('A stream reply has an unexpected shape');
  return value;
}

function asBuffer(value: unknown): Buffer {
  if (!Buffer.isBuffer(value)) throw new PoisonError('A stream reply has an unexpected shape');
  return value;
}

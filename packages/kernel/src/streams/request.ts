import { PoisonError } from '../errors.ts';
import type { StreamEntry } from './stream-entries.ts';

/** A question of a gateway, read from a stream. */
export type StreamRequest = {
  stream: string;
  /** Chosen by the gateway; goes back with the reply. */
  correlationId: string;
  /** Where the reply goes. */
  gatewayId: string;
  /** Wall clock, milliseconds since 1970. Afterwards nobody waits for the reply. */
  deadlineMs: number;
  body: Buffer;
};

/** Reads the fields `c`, `g`, `d` (decimal text) and `b`. Throws a PoisonError when one is missing or no number. */
export function decodeRequest({ stream, fields }: StreamEntry): StreamRequest {
  const deadlineMs = Number(field(fields, 'd').toString());
  if (!Number.isSafeInteger(deadlineMs)) throw new PoisonError('The deadline of a request is not an integer');
  return {
    stream,
    correlationId: field(fields, 'c').toString(),
    gatewayId: field(fields, 'g').toString(),
    deadlineMs,
    body: field(fields, 'b'),
  };
}

/** The same as the arguments of XADD after the entry id. */
export function encodeRequest(request: Omit<StreamRequest, 'stream'>): (string | Buffer)[] {
  const { correlationId, gatewayId, deadlineMs, body } = request;
  return ['c', correlationId, 'g', gatewayId, 'd', String(deadlineMs), 'b', body];
}

function field(fields: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const value = fields.get(name);
  if (value === undefined) throw new PoisonError(`A request has no field ${name}`);
  return value;
}

import { PoisonError } from '../errors.ts';
import type { StreamEntry } from './stream-entries.ts';

/** A gateway's question, read from a stream. */
export type StreamRequest = {
  stream: string;
  /** Chosen by the gateway; returned with the reply. */
  correlationId: string;
  /** Where the reply goes. */
  gatewayId: string;
  /** After this nobody waits for the reply. By the asker's wall clock, milliseconds since 1970, which may be wrong. */
  deadlineMs: number;
  /** The same as a duration, measured by Redis' clock, which both sides share; takes precedence. */
  withinMs?: number | undefined;
  body: Buffer;
};

/**
 * Reads the fields `c`, `g`, `d` (decimal text), `b`, and `w` if present. Throws a PoisonError when one is missing or
 * not a number.
 */
export function decodeRequest({ stream, fields }: StreamEntry): StreamRequest {
  const deadlineMs = integer(field(fields, 'd'));
  const within = fields.get('w');
  return {
    stream,
    correlationId: field(fields, 'c').toString(),
    gatewayId: field(fields, 'g').toString(),
    deadlineMs,
    withinMs: within && integer(within),
    body: field(fields, 'b'),
  };
}

/** The reverse, as the arguments of XADD after the entry id. A command that is all text is written in one piece. */
export function encodeRequest(
  request: Omit<StreamRequest, 'stream' | 'body'> & { body: string | Buffer },
): (string | Buffer)[] {
  const { correlationId, gatewayId, deadlineMs, withinMs, body } = request;
  const within = withinMs === undefined ? [] : ['w', String(withinMs)];
  return ['c', correlationId, 'g', gatewayId, 'd', String(deadlineMs), ...within, 'b', body];
}

/**
 * A request's body as JSON. Throws a PoisonError when it is not a JSON object; its fields are not checked: gateways
 * have done that. The error has nothing of the body, which Node's own would quote.
 */
export function parseQuestion<Question extends object>({ body }: Pick<StreamRequest, 'body'>): Question {
  let question: unknown;
  try {
    question = JSON.parse(body.toString('utf8'));
  } catch {
    question = undefined;
  }
  if (typeof question !== 'object' || question === null)
    throw new PoisonError('The body of a request is not a JSON object');
  return question as Question;
}

function integer(text: Buffer): number {
  const number = Number(text.toString());
  if (!Number.isSafeInteger(number)) throw new PoisonError('The deadline of a request is not an integer');
  return number;
}

function field(fields: ReadonlyMap<string, Buffer>, name: string): Buffer {
  const value = fields.get(name);
  if (value === undefined) throw new PoisonError(`A request has no field ${name}`);
  return value;
}

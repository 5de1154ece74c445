import { createReadStream } from 'node:fs';
import {
  decodeDownstream,
  decodeUpstream,
  downstreamById,
  FrameReader,
  ProtocolError,
  upstreamById,
} from '@securechat/protocol';
import { type Command, UsageError } from '../command.ts';
import { fromHere } from '../home.ts';

/** More than any protocol frame in hexadecimal. */
const MAX_INPUT_BYTES = 16 * 1024 * 1024;
const MAX_PAYLOAD_BYTES = 8 * 1024 * 1024;

export const frame: Command = {
  usage: '[FILE]',
  takes: [0, 1],
  summary: 'decode protocol frames from a file or a pipe, as JSON',
  async run({ args: [file], out }) {
    const bytes = bytesOf(
      await readAll(file === undefined ? process.stdin : createReadStream(fromHere(file))),
    );
    for (const line of inspect(bytes)) out.json(line);
  },
};

type Inspected = { number: number; name: string; bytes: number; payload: unknown; fault?: string };

/** Throws `UsageError` for an unreadable header or a truncated last frame. */
export function inspect(bytes: Uint8Array): Inspected[] {
  const reader = new FrameReader(() => MAX_PAYLOAD_BYTES);
  const found: Inspected[] = [];
  try {
    reader.read(bytes, ({ type, payload }) => {
      found.push({ number: type, name: nameOf(type), bytes: payload.length, ...contentOf(type, payload) });
    });
  } catch (error) {
    throw new UsageError(`After ${found.length} frames comes something else: ${reasonOf(error)}`);
  }
  if (!reader.isBetweenFrames) throw new UsageError(`After ${found.length} whole frames one is cut off.`);
  return found;
}

const nameOf = (type: number): string =>
  upstreamById.get(type)?.name ?? downstreamById.get(type)?.name ?? 'unknown';

/** The payload as JSON, and why it is invalid in both directions, if so. */
function contentOf(type: number, payload: Uint8Array): Pick<Inspected, 'payload' | 'fault'> {
  const faults: string[] = [];
  for (const decode of [decodeUpstream, decodeDownstream]) {
    try {
      const message = decode(type, payload);
      if (message !== undefined) return { payload: message };
    } catch (error) {
      faults.push(reasonOf(error));
    }
  }
  return { payload: rawOf(payload), fault: faults.at(-1) ?? 'UNKNOWN_TYPE' };
}

function rawOf(payload: Uint8Array): unknown {
  const text = new TextDecoder().decode(payload);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof ProtocolError) return `${error.error}: ${error.message}`;
  throw error;
}

/** Decodes text that is all hexadecimal or all base64; other input is taken as binary. */
export function bytesOf(input: Buffer): Uint8Array {
  const text = input.toString('latin1').replace(/\s+/g, '');
  if (/^(?:[0-9a-f]{2})+$/i.test(text)) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0) return Buffer.from(text, 'base64');
  return input;
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > MAX_INPUT_BYTES) throw new UsageError('That is more than 16 MiB.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

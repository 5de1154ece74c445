import {
  type DeviceRef,
  E2eeError,
  openUnordered,
  sealUnordered,
  sign,
  verify,
} from '@securechat/crypto/e2ee';
import { decodeBase64, encodeBase64, parseJsonObject, transcript } from '@securechat/protocol';
import { readContent } from '../content/bodies.ts';
import { BadContent, compact, count, type Fields, id, object, optionalId, text } from '../content/shape.ts';
import type { Content } from '../content/types.ts';
import type { Core } from '../conversations/core.ts';
import { addressOf } from '../conversations/membership/log.ts';
import { toBytes } from '../storage/json.ts';
import type { EarlySaid } from './early.ts';

/** The session of a frame. Each direction of a session is numbered separately, from 1. */
export type FramePlace = { readonly conversationId: string; readonly sessionId: string };

/** Base64 of the largest size class, plus the envelope. */
const MAX_FRAME = 60_000;

/** Makes a `p2p_message`; without `said`, only a sign of life. Throws `RangeError` for content larger than every size class. */
export async function sealFrame(
  core: Core,
  { conversationId, sessionId }: FramePlace,
  sequence: number,
  said?: EarlySaid,
): Promise<string> {
  const { own, engine, registry } = core;
  return registry.step(conversationId, async (step) => {
    const { epoch, generation } = step.record.log;
    const state = await step.keys(generation, epoch);
    if (!state) throw new E2eeError('epoch');
    const place = {
      ...{ session_id: sessionId, sequence, epoch, generation },
      ...{ from: own.userId, device_id: own.deviceId, conversation_id: conversationId },
    };
    const sealed = await sealUnordered(engine, state, own, 'p2p', toBytes(said ?? {}), bound(place));
    const encrypted_payload = encodeBase64(sealed);
    const signature = encodeBase64(
      await sign(own.secretKey, transcript('p2p-message', { ...place, encrypted_payload })),
    );
    return JSON.stringify({
      ...{ type: 'p2p_message', session_id: sessionId, sequence, epoch, generation },
      ...{ encrypted_payload, signature },
    });
  });
}

/** Throws `E2eeError` or `BadContent` for anything the other device has not sent in this session. */
export async function openFrame(
  core: Core,
  { conversationId, sessionId }: FramePlace,
  by: DeviceRef,
  frame: string,
): Promise<{ sequence: number; said?: EarlySaid }> {
  if (frame.length > MAX_FRAME) throw new BadContent('too long');
  const fields = parsed(new TextEncoder().encode(frame));
  if (fields.type !== 'p2p_message' || fields.session_id !== sessionId)
    throw new BadContent('of another session');
  const place = {
    ...{ session_id: sessionId, sequence: count(fields, 'sequence') },
    ...{ epoch: count(fields, 'epoch'), generation: count(fields, 'generation') },
    ...{ from: by.userId, device_id: by.deviceId, conversation_id: conversationId },
  };
  const encrypted_payload = text(fields, 'encrypted_payload', MAX_FRAME);
  const sealed = base64(fields, 'encrypted_payload');
  const signature = base64(fields, 'signature');
  return core.registry.step(conversationId, async (step) => {
    const key = step.found?.log.leaves[addressOf(by.userId, by.deviceId)];
    const signed = transcript('p2p-message', { ...place, encrypted_payload });
    if (key === undefined || !(await verify(decodeBase64(key), signed, signature)))
      throw new E2eeError('binding');
    const state = await step.keys(place.generation, place.epoch);
    if (!state) throw new E2eeError('epoch');
    const said = saidOf(await openUnordered(core.engine, state, by, 'p2p', sealed, bound(place)));
    return { sequence: place.sequence, ...(said ? { said } : {}) };
  });
}

/** Binds the ciphertext to its position in the session and to its sender. */
const bound = (place: Parameters<typeof transcript<'p2p-message'>>[1]): Uint8Array =>
  transcript('p2p-message', { ...place, encrypted_payload: '' });

function saidOf(bytes: Uint8Array): EarlySaid | undefined {
  const fields = parsed(bytes);
  if (fields.id === undefined) return undefined;
  const content = readContent(object(fields.content, 'content'));
  if (!isLine(content)) throw new BadContent('no line of its own');
  return compact({ id: id(fields, 'id'), after: optionalId(fields, 'after'), content });
}

function isLine(content: ReturnType<typeof readContent>): content is EarlySaid['content'] {
  const lines: readonly (Content['type'] | 'unknown')[] = [
    'text/plain',
    'text/markdown',
    'application/x-securechat-file',
  ];
  return lines.includes(content.type);
}

function parsed(json: Uint8Array): Fields {
  try {
    return parseJsonObject(json);
  } catch (error) {
    throw new BadContent('no JSON', { cause: error });
  }
}

function base64(fields: Fields, name: string): Uint8Array {
  try {
    return decodeBase64(text(fields, name, MAX_FRAME));
  } catch (error) {
    throw new BadContent(`${name} is no base64`, { cause: error });
  }
}

import { E2eeError, openUnordered, sealUnordered, sign, verify } from '@securechat/crypto/e2ee';
import {
  type Downstream,
  decodeBase64,
  encodeBase64,
  encodeUpstream,
  parseJsonObject,
  transcript,
  type Upstream,
} from '@securechat/protocol';
import { randomBytes, randomId } from '../bytes.ts';
import { BadContent, count, type Fields, list, object, text } from '../content/shape.ts';
import type { Core } from '../conversations/core.ts';
import { newId } from '../conversations/ids.ts';
import { addressOf } from '../conversations/membership/log.ts';
import { toBytes } from '../storage/json.ts';
import type { Candidate } from './peer.ts';

export type SignalName = 'p2p_offer' | 'p2p_answer' | 'p2p_candidate' | 'p2p_bye';
export type Signal = Downstream<SignalName>;

/**
 * The encrypted part. The first offer and its answer are empty: they ask for consent and give it. Later ones carry the description of a
 * round, and candidates belong to a round.
 */
export type SignalBody = {
  readonly round?: number;
  readonly sdp?: string;
  readonly candidates?: readonly Candidate[];
};

export type SignalHead = {
  readonly type: SignalName;
  readonly to: string;
  readonly toDevice?: string | undefined;
  readonly conversationId: string;
  readonly sessionId: string;
};

/** Allows for two clocks and the transmission. */
const MAX_AGE_SECONDS = 300;
const MAX_SDP = 4_096;
const MAX_CANDIDATE = 512;
export const MAX_CANDIDATES = 16;

export const newSessionId = (): string => randomId('p2p_', 18);

/** Encrypted for the members of the conversation; the whole signal is signed by this device. Throws `RangeError` when it is too long. */
export async function sealSignal(
  core: Core,
  head: SignalHead,
  body: SignalBody,
): Promise<{ id: string; frame: Uint8Array<ArrayBuffer> }> {
  const { own, engine, registry, now } = core;
  return registry.step(head.conversationId, async (step) => {
    const { epoch, generation } = step.record.log;
    const state = await step.keys(generation, epoch);
    if (!state) throw new E2eeError('epoch');
    const fields = {
      ...{ type: head.type, id: newId('m_'), from: own.userId, to: head.to, device_id: own.deviceId },
      ...(head.toDevice === undefined ? {} : { to_device: head.toDevice }),
      ...{ conversation_id: step.id, epoch, generation, session_id: head.sessionId },
      ...{ timestamp: Math.floor(now() / 1000), nonce: encodeBase64(randomBytes(16)) },
    };
    const sealed = await sealUnordered(engine, state, own, 'p2p', toBytes(body), bound(fields));
    const unsigned = { ...fields, payload: encodeBase64(sealed) };
    const signature = encodeBase64(await sign(own.secretKey, transcript('p2p', unsigned)));
    return {
      id: fields.id,
      frame: encodeUpstream(head.type, { ...unsigned, signature } as Upstream<SignalName>),
    };
  });
}

/** Throws `E2eeError` or `BadContent` unless a device of the conversation sent it, recently and to this one. */
export async function openSignal(core: Core, signal: Signal): Promise<SignalBody> {
  const { engine, registry, own, now } = core;
  return registry.step(signal.conversation_id, async (step) => {
    const key = step.found?.log.leaves[addressOf(signal.from, signal.device_id)];
    if (key === undefined || signal.to !== own.userId) throw new E2eeError('binding');
    const isGenuine = await verify(
      decodeBase64(key),
      transcript('p2p', signal),
      decodeBase64(signal.signature),
    );
    if (!isGenuine) throw new E2eeError('binding');
    if (Math.abs(now() / 1000 - signal.timestamp) > MAX_AGE_SECONDS) throw new BadContent('of another time');
    const state = await step.keys(signal.generation, signal.epoch);
    if (!state) throw new E2eeError('epoch');
    const sender = { userId: signal.from, deviceId: signal.device_id };
    const bytes = await openUnordered(
      engine,
      state,
      sender,
      'p2p',
      decodeBase64(signal.payload),
      bound(signal),
    );
    return bodyOf(parseJsonObject(bytes));
  });
}

/** Binds the ciphertext to everything else that is signed. */
const bound = (fields: Omit<Signal, 'payload' | 'signature'>): Uint8Array =>
  transcript('p2p', { ...fields, payload: '' });

function bodyOf(fields: Fields): SignalBody {
  return {
    ...(fields.round === undefined ? {} : { round: count(fields, 'round') }),
    ...(fields.sdp === undefined ? {} : { sdp: text(fields, 'sdp', MAX_SDP) }),
    ...(fields.candidates === undefined
      ? {}
      : { candidates: list(fields, 'candidates', MAX_CANDIDATES, candidateOf) }),
  };
}

function candidateOf(value: unknown): Candidate {
  const fields = object(value, 'candidate');
  return { candidate: text(fields, 'candidate', MAX_CANDIDATE), mid: text(fields, 'mid', 16) };
}

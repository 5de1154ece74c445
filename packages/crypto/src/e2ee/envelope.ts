import { decodeBase64, encodeBase64, isSame, transcript, type Upstream } from '@securechat/protocol';
import { sign, verify } from './ed25519.ts';
import type { E2eeEngine, GroupState, Leaf, Opened, OwnDevice } from './engine.ts';
import { E2eeError } from './errors.ts';
import { findLeaf } from './find-leaf.ts';
import { sha256 } from './sha256.ts';

export type Envelope = Upstream<'chat'>;
export type UnsealedEnvelope = Omit<Envelope, 'payload' | 'signature'>;

/**
 * A signature outside a ciphertext could be replaced by another member's, who would then appear as the author. So the ciphertext is bound
 * to its envelope: its authenticated data is the hash of all other envelope fields.
 */
export function envelopeBinding(envelope: UnsealedEnvelope): Promise<Uint8Array<ArrayBuffer>> {
  return sha256(transcript('envelope', { ...envelope, payload: undefined }));
}

/** `epoch`, `from` and `device_id` must match the state, else E2eeError `binding`. */
export async function sealEnvelope(
  engine: E2eeEngine,
  state: GroupState,
  own: OwnDevice,
  envelope: UnsealedEnvelope,
  plaintext: Uint8Array,
): Promise<{ envelope: Envelope; next: GroupState }> {
  senderOf(engine, state, envelope);
  const { ciphertext, next } = await engine.seal(state, own, plaintext, await envelopeBinding(envelope));
  const sealed = { ...envelope, payload: encodeBase64(ciphertext) };
  const signature = await sign(own.secretKey, transcript('envelope', sealed));
  return { envelope: { ...sealed, signature: encodeBase64(signature) }, next };
}

/**
 * The envelope must be signed by the key of its sending device's leaf, and the ciphertext sealed by that leaf, for this envelope and
 * epoch. The server's delivery stamp is ignored.
 */
export async function openEnvelope(
  engine: E2eeEngine,
  state: GroupState,
  envelope: Envelope,
): Promise<Opened> {
  const leaf = senderOf(engine, state, envelope);
  const signature = decodeBase64(envelope.signature);
  if (!(await verify(leaf.publicKey, transcript('envelope', envelope), signature))) {
    throw new E2eeError('binding');
  }
  const opened = await engine.open(state, decodeBase64(envelope.payload));
  const isBound = isSame(opened.authenticatedData, await envelopeBinding(envelope));
  if (!isBound || opened.sender.leafIndex !== leaf.leafIndex) throw new E2eeError('binding');
  return opened;
}

function senderOf(engine: E2eeEngine, state: GroupState, envelope: UnsealedEnvelope): Leaf {
  const { epoch, leaves } = engine.describe(state);
  if (envelope.epoch !== epoch) throw new E2eeError('epoch');
  return findLeaf(leaves, { userId: envelope.from, deviceId: envelope.device_id });
}

import { type Downstream, type Handover, transcript, type Upstream } from '@securechat/protocol';
import { verifyServerHello } from './challenge.ts';
import { keyId, type SigningKey, verifySignature } from './sign.ts';

/** More than a rotation has at once: the previous, the current and the next key, and one that was announced in vain. */
const MAX_PINS = 4;

/** The old key's word that the service goes on with the new one. */
export function signHandover(previous: SigningKey, serviceKey: Uint8Array): Handover {
  const facts = {
    service_key: Buffer.from(serviceKey).toString('base64'),
    previous_key: previous.publicKey.toString('base64'),
  };
  return { ...facts, signature: previous.sign(transcript('service-key-handover', facts)).toString('base64') };
}

/** The pinned keys and all that follow from them, oldest first. Whoever made the handovers need not be trusted. */
export function followHandovers(
  pins: readonly Uint8Array[],
  handovers: readonly Handover[],
): readonly Uint8Array[] {
  const known = [...pins];
  // each step may lead to a key that another handover, listed before, goes on from
  for (let step = 0; step < handovers.length; step++) {
    for (const handover of handovers) {
      const key = bytesOf(handover.service_key);
      if (!isIn(known, key) && isGenuine(handover, known)) known.push(key);
    }
  }
  return known;
}

export type HelloVerdict =
  /** What to pin from now on. */
  | { isGenuine: true; pins: readonly Uint8Array[] }
  /** `unknown_service_key`: a key that does not follow from the pinned ones; somebody has to look at that. */
  | { isGenuine: false; because: 'unknown_service_key' | 'not_proved' };

/**
 * The client's check of `server_hello` when the service key may change: its certificate must be signed by a pinned key or
 * by one that follows from it. A key is forgotten when a later one is in use and nothing leads from it any more.
 */
export function acceptServerHello(
  pins: readonly Uint8Array[],
  client: Upstream<'client_hello'>,
  server: Downstream<'server_hello'>,
  nowSeconds: number,
): HelloVerdict {
  const { handovers = [] } = server;
  const known = followHandovers(pins, handovers);
  const used = known.findIndex((key) => keyId(key) === server.server_cert.service_key_id);
  const key = known[used];
  if (!key) return { isGenuine: false, because: 'unknown_service_key' };
  if (!verifyServerHello(key, client, server, nowSeconds)) return { isGenuine: false, because: 'not_proved' };
  const genuine = handovers.filter((handover) => isGenuine(handover, known));
  const leads = (from: Uint8Array): boolean =>
    genuine.some(({ previous_key }) => isSame(bytesOf(previous_key), from));
  const kept = known.filter((each, index) => index >= used || leads(each));
  return { isGenuine: true, pins: kept.slice(-MAX_PINS) };
}

function isGenuine(handover: Handover, known: readonly Uint8Array[]): boolean {
  const { signature, ...facts } = handover;
  const previous = bytesOf(facts.previous_key);
  return (
    isIn(known, previous) &&
    verifySignature(previous, transcript('service-key-handover', facts), bytesOf(signature))
  );
}

function isIn(keys: readonly Uint8Array[], key: Uint8Array): boolean {
  return keys.some((each) => isSame(each, key));
}

/** All of these are public. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function bytesOf(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}

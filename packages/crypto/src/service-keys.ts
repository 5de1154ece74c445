import { type Downstream, type Handover, transcript, type Upstream } from '@securechat/protocol';
import { verifyServerHello } from './challenge.ts';
import { keyId, type SigningKey, verifySignature } from './sign.ts';

/** More than a rotation ever needs at once: previous, current and next key, and one that was announced but not used. */
const MAX_PINS = 4;

/** The old key's statement that the service continues with the new one. */
export function signHandover(previous: SigningKey, serviceKey: Uint8Array): Handover {
  const facts = {
    service_key: Buffer.from(serviceKey).toString('base64'),
    previous_key: previous.publicKey.toString('base64'),
  };
  return { ...facts, signature: previous.sign(transcript('service-key-handover', facts)).toString('base64') };
}

/** The pinned keys and all keys reached from them, oldest first. Whoever delivered the handovers need not be trusted. */
export function followHandovers(
  pins: readonly Uint8Array[],
  handovers: readonly Handover[],
): readonly Uint8Array[] {
  const known = [...pins];
  // a step may reach a key from which a handover listed earlier continues
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
  /** `unknown_service_key`: a key that does not follow from the pinned ones, which needs a person's attention. */
  | { isGenuine: false; because: 'unknown_service_key' | 'not_proved' };

/**
 * The client's check of `server_hello` when the service key may have changed: a pinned key, or one that follows from it, must have signed
 * its certificate. A key is dropped once a later one is in use and no handover starts from it any more.
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

/** All inputs are public, so timing does not matter. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function bytesOf(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}

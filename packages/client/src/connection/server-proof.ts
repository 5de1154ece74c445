import { sha256, verify } from '@securechat/crypto/e2ee';
import {
  type Downstream,
  decodeBase64,
  type Handover,
  handshakeTranscript,
  isSame,
  transcript,
  type Upstream,
} from '@securechat/protocol';
import { ServerNotGenuine } from '../errors.ts';

type Hello = Upstream<'client_hello'>;
type ServerHello = Downstream<'server_hello'>;

/** More than a key rotation ever needs at once: previous, current and next key, and one that was announced but not used. */
const MAX_PINS = 4;

/**
 * Verifies that the server belongs to the pinned service key and that nobody changed a hello in transit: the pinned key, or one reached
 * from it by handovers, has certified the gateway's key, which signed both hellos. That covers challenges, capabilities, limits and
 * versions. Returns the keys to pin from now on; throws `ServerNotGenuine`.
 */
export async function verifyServer(
  pins: readonly Uint8Array[],
  hello: Hello,
  serverHello: ServerHello,
  nowSeconds: number,
): Promise<readonly Uint8Array[]> {
  const { handovers = [] } = serverHello;
  const known = await followHandovers(pins, handovers);
  const ids = await Promise.all(known.map(keyId));
  const used = ids.indexOf(serverHello.server_cert.service_key_id);
  const serviceKey = known[used];
  if (!serviceKey) throw new ServerNotGenuine('unknown_service_key');
  await checkCertificate(serviceKey, serverHello, nowSeconds);
  await checkProof(hello, serverHello);
  return pinsAfter(known, used, handovers);
}

async function checkCertificate(
  serviceKey: Uint8Array,
  { server_cert: { signature, ...certificate }, server_id, server_key }: ServerHello,
  nowSeconds: number,
): Promise<void> {
  const isItsOwn = certificate.server_id === server_id && certificate.public_key === server_key;
  const signed = transcript('gateway-cert', certificate);
  if (!isItsOwn || !(await verify(serviceKey, signed, decodeBase64(signature))))
    throw new ServerNotGenuine('not_certified');
  if (nowSeconds < certificate.not_before || nowSeconds >= certificate.not_after)
    throw new ServerNotGenuine('not_valid_now');
}

async function checkProof(hello: Hello, serverHello: ServerHello): Promise<void> {
  const signed = handshakeTranscript('server-auth', hello, serverHello);
  const proof = decodeBase64(serverHello.challenge_response);
  if (!(await verify(decodeBase64(serverHello.server_key), signed, proof)))
    throw new ServerNotGenuine('not_proved');
}

/** The pinned keys and all keys reached from them by handovers, oldest first. Whoever delivered the handovers need not be trusted. */
async function followHandovers(
  pins: readonly Uint8Array[],
  handovers: readonly Handover[],
): Promise<readonly Uint8Array[]> {
  const known = [...pins];
  // a step may reach a key from which a handover listed earlier continues
  for (let step = 0; step < handovers.length; step++) {
    for (const handover of handovers) {
      const key = decodeBase64(handover.service_key);
      if (!isIn(known, key) && (await isGenuine(handover, known))) known.push(key);
    }
  }
  return known;
}

/** A key is dropped once a later one is in use and no handover starts from it any more. */
async function pinsAfter(
  known: readonly Uint8Array[],
  used: number,
  handovers: readonly Handover[],
): Promise<readonly Uint8Array[]> {
  const leading: Uint8Array[] = [];
  for (const handover of handovers)
    if (await isGenuine(handover, known)) leading.push(decodeBase64(handover.previous_key));
  return known.filter((key, index) => index >= used || isIn(leading, key)).slice(-MAX_PINS);
}

async function isGenuine(handover: Handover, known: readonly Uint8Array[]): Promise<boolean> {
  const { signature, ...facts } = handover;
  const previous = decodeBase64(facts.previous_key);
  if (!isIn(known, previous)) return false;
  return verify(previous, transcript('service-key-handover', facts), decodeBase64(signature));
}

function isIn(keys: readonly Uint8Array[], key: Uint8Array): boolean {
  return keys.some((each) => isSame(each, key));
}

/** Short public id of a key: the first 16 hex digits of its SHA-256. */
async function keyId(publicKey: Uint8Array): Promise<string> {
  const hash = await sha256(publicKey);
  return Array.from(hash.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

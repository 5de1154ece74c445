import { randomBytes } from 'node:crypto';
import {
  type Downstream,
  type GatewayCertificate,
  handshakeTranscript,
  transcript,
  type Upstream,
} from '@securechat/protocol';
import { type SigningKey, verifySignature } from './sign.ts';

/** 32 random bytes in base64, valid for one login. */
export function createChallenge(): string {
  return randomBytes(32).toString('base64');
}

export type UnsignedServerHello = Omit<Downstream<'server_hello'>, 'challenge_response'>;

export function signServerHello(
  key: SigningKey,
  client: Upstream<'client_hello'>,
  server: UnsignedServerHello,
): Downstream<'server_hello'> {
  const signature = key.sign(handshakeTranscript('server-auth', client, server));
  return { ...server, challenge_response: signature.toString('base64') };
}

/** True when the sender of `client` holds its device key and saw the same hellos as this gateway. */
export function verifyClientAuth(
  client: Upstream<'client_hello'>,
  server: UnsignedServerHello,
  auth: Upstream<'client_auth'>,
): boolean {
  return verifySignature(
    Buffer.from(client.public_key, 'base64'),
    handshakeTranscript('client-auth', client, server),
    Buffer.from(auth.signature, 'base64'),
  );
}

export function certificateTranscript(certificate: Omit<GatewayCertificate, 'signature'>): Uint8Array {
  return transcript('gateway-cert', certificate);
}

/** The client's check of `server_hello`: certified by the pinned service key, valid now, and fresh for this challenge. */
export function verifyServerHello(
  serviceKey: Uint8Array,
  client: Upstream<'client_hello'>,
  server: Downstream<'server_hello'>,
  nowSeconds: number,
): boolean {
  const { signature, ...certificate } = server.server_cert;
  const certified =
    certificate.server_id === server.server_id &&
    certificate.public_key === server.server_key &&
    certificate.not_before <= nowSeconds &&
    nowSeconds < certificate.not_after &&
    verifySignature(serviceKey, certificateTranscript(certificate), Buffer.from(signature, 'base64'));
  return (
    certified &&
    verifySignature(
      Buffer.from(server.server_key, 'base64'),
      handshakeTranscript('server-auth', client, server),
      Buffer.from(server.challenge_response, 'base64'),
    )
  );
}

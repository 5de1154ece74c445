import type { Downstream, GatewayCertificate, Upstream } from '@securechat/protocol';
import {
  certificateTranscript,
  createChallenge,
  signServerHello,
  type UnsignedServerHello,
} from '../challenge.ts';
import { createSigningKey, keyId, type SigningKey } from '../sign.ts';

export const NOW_SECONDS = 1_800_000_000;

export type Login = {
  serviceKey: SigningKey;
  gatewayKey: SigningKey;
  deviceKey: SigningKey;
  client: Upstream<'client_hello'>;
  unsigned: UnsignedServerHello;
  server: Downstream<'server_hello'>;
};

/** Both hellos of a login, with fresh keys, signed as a gateway does. */
export function createLogin(): Login {
  const serviceKey = createSigningKey();
  const gatewayKey = createSigningKey();
  const deviceKey = createSigningKey();
  const client: Login['client'] = {
    type: 'client_hello',
    version: '1.0',
    user_id: 'alice',
    device_id: 'phone',
    public_key: deviceKey.publicKey.toString('base64'),
    challenge: createChallenge(),
    capabilities: ['e2e_encryption', 'groups'],
    encoding: 'json',
    resume: 'ticket.signature',
  };
  const server_cert = certify(serviceKey, {
    server_id: 'gateway-1',
    public_key: gatewayKey.publicKey.toString('base64'),
    not_before: NOW_SECONDS - 60,
    not_after: NOW_SECONDS + 3600,
    service_key_id: keyId(serviceKey.publicKey),
  });
  const unsigned: UnsignedServerHello = {
    type: 'server_hello',
    version: '1.0',
    server_id: 'gateway-1',
    server_key: server_cert.public_key,
    server_cert,
    server_challenge: createChallenge(),
    session_id: 'session_1',
    timestamp: NOW_SECONDS,
    capabilities: ['message_relay', 'offline_storage'],
    encoding: 'json',
    limits: { messages_per_minute: 100, connections: 5 },
  };
  return {
    serviceKey,
    gatewayKey,
    deviceKey,
    client,
    unsigned,
    server: signServerHello(gatewayKey, client, unsigned),
  };
}

export function certify(
  key: SigningKey,
  certificate: Omit<GatewayCertificate, 'signature'>,
): GatewayCertificate {
  return { ...certificate, signature: key.sign(certificateTranscript(certificate)).toString('base64') };
}

/** The base64 text with one bit of its first byte flipped. */
export function flipBit(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
  return bytes.toString('base64');
}

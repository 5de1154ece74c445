import type { Downstream, Upstream } from '../catalog.ts';
import { transcript } from './transcript.ts';

/** The facts of both hellos, signed by the gateway (`server-auth`) and by the device (`client-auth`). */
export function handshakeTranscript(
  context: 'server-auth' | 'client-auth',
  client: Upstream<'client_hello'>,
  server: Omit<Downstream<'server_hello'>, 'challenge_response'>,
): Uint8Array<ArrayBuffer> {
  return transcript(context, {
    version: server.version,
    server_id: server.server_id,
    server_key: server.server_key,
    user_id: client.user_id,
    device_id: client.device_id,
    public_key: client.public_key,
    challenge: client.challenge,
    server_challenge: server.server_challenge,
    session_id: server.session_id,
    timestamp: server.timestamp,
    client_capabilities: client.capabilities,
    server_capabilities: server.capabilities,
    server_cert: server.server_cert.signature,
    encoding: server.encoding,
    resume: client.resume,
    limits: server.limits,
    client_version: client.version,
    client_encoding: client.encoding,
  });
}

import { randomBytes } from 'node:crypto';
import { createChallenge, signServerHello, type UnsignedServerHello } from '@securechat/crypto/challenge';
import {
  PROTOCOL_VERSION,
  ProtocolError,
  SUPPORTED_PROTOCOL_VERSIONS,
  type Upstream,
} from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';

/** Both hellos, kept until the client has proved its key over them. */
export type LoginProgress = { client: Upstream<'client_hello'>; server: UnsignedServerHello };

/**
 * First step of the login: the server proves itself and sends its own challenge. Nothing is looked up yet, so the
 * answer is the same whether or not the user exists.
 */
export function clientHello(connection: Connection, hello: Upstream<'client_hello'>): undefined {
  const { context } = connection;
  if (!SUPPORTED_PROTOCOL_VERSIONS.includes(hello.version)) {
    throw new ProtocolError(
      'UNSUPPORTED_VERSION',
      { supported_versions: [...SUPPORTED_PROTOCOL_VERSIONS] },
      { fatal: true },
    );
  }
  const { key, certificate, handovers } = context.identity.current();
  const server: UnsignedServerHello = {
    type: 'server_hello',
    version: PROTOCOL_VERSION,
    server_id: certificate.server_id,
    server_key: certificate.public_key,
    server_cert: certificate,
    server_challenge: createChallenge(),
    session_id: `session_${randomBytes(18).toString('base64url')}`,
    timestamp: Math.floor(context.clock.now() / 1000),
    capabilities: context.deployment.capabilities(),
    encoding: 'json',
    limits: context.publicLimits,
    ...(handovers.length > 0 ? { handovers: [...handovers] } : {}),
  };
  connection.login = { client: hello, server };
  connection.advance('proof');
  connection.send('server_hello', signServerHello(key, hello, server));
}

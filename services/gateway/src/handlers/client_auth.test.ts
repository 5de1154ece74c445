import { beforeEach, expect, test } from '@jest/globals';
import { createChallenge, type UnsignedServerHello } from '@securechat/crypto/challenge';
import { createSigningKey, keyId } from '@securechat/crypto/sign';
import { issueTicket } from '@securechat/crypto/ticket';
import { createTestClock } from '@securechat/kernel/testing';
import { handshakeTranscript, PROTOCOL_VERSION, type Upstream } from '@securechat/protocol';
import { Connection } from '../connection/connection.ts';
import type { GatewayContext } from '../context.ts';
import { createTestContext } from '../testing/context.ts';
import { TestTransport } from '../testing/transport.ts';
import { clientAuth } from './client_auth.ts';

const clock = createTestClock();
const [service, device] = [createSigningKey(), createSigningKey()];
const nowSeconds = Math.floor(clock.now() / 1000);
const names = { user_id: 'alice', device_id: 'phone', public_key: device.publicKey.toString('base64') };
const ticket = issueTicket(service, {
  ...names,
  user_ref: 1,
  device_ref: 2,
  issued_at: nowSeconds,
  expires_at: nowSeconds + 60,
});
const client: Upstream<'client_hello'> = {
  type: 'client_hello',
  version: PROTOCOL_VERSION,
  ...names,
  capabilities: [],
  challenge: createChallenge(),
  resume: ticket,
};
const server = {
  version: PROTOCOL_VERSION,
  server_id: 'gateway',
  server_key: service.publicKey.toString('base64'),
  server_cert: { signature: Buffer.alloc(64).toString('base64') },
  server_challenge: createChallenge(),
  session_id: 'session',
  timestamp: nowSeconds,
  capabilities: [],
  encoding: 'json',
  limits: {},
} as unknown as UnsignedServerHello;

let mayResume: boolean;
let whileRegistering: () => void;
let transport: TestTransport;
let connection: Connection;

beforeEach(() => {
  mayResume = true;
  whileRegistering = () => undefined;
  const played = {
    identity: { serviceKeys: () => new Map([[keyId(service.publicKey), service.publicKey]]) },
    revocations: { mayResume: () => mayResume, has: () => false },
    directory: {
      async register() {
        whileRegistering();
        return { outcome: 'registered', since: '1' };
      },
      remove: async () => undefined,
    },
  };
  transport = new TestTransport();
  const context = createTestContext(clock, played as unknown as Partial<GatewayContext>);
  connection = new Connection(context, transport, '192.0.2.1');
  connection.login = { client, server };
  connection.advance('proof');
});

function logIn(): Promise<void> {
  const signature = device.sign(handshakeTranscript('client-auth', client, server)).toString('base64');
  return clientAuth(connection, { type: 'client_auth', signature });
}

test('a ticket lets in while the revocations are known', async () => {
  await logIn();
  expect(connection.state).toBe('ready');
});

test('a ticket lets nobody in when the revocations are lost sight of while it is being registered', async () => {
  whileRegistering = () => {
    mayResume = false;
  };
  await logIn();
  expect(connection.state).toBe('closing');
  expect(transport.closedFor).toBe('server_unavailable');
  expect(transport.messages()).toMatchObject([{ type: 'error', error_code: 'SERVER_UNAVAILABLE' }]);
});

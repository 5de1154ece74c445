import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { ServerNotGenuine } from '@securechat/client';
import { tcpTransport } from '@securechat/client/node';
import { createSigningKey } from '@securechat/crypto/sign';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { useConnections } from './support/connect.ts';
import { startTamperingProxy, type Tamper, type TamperingProxy } from './support/tampering-proxy.ts';

const stack = useConstellation({ gateways: 1 });
const { test } = stack;
const open = useConnections(stack);
let proxy: TamperingProxy;

beforeAll(async () => {
  proxy = await startTamperingProxy(stack.constellation.gateways[0]!.tcpPort);
});
afterAll(async () => {
  await proxy?.close();
});

/** How a login ends while somebody changes this, and what was sent after the hello. */
async function loginWhile(tamper: Tamper) {
  const sent: unknown[] = [];
  proxy.tamper = (message, direction) => {
    if (direction === 'up') sent.push(message.type);
    return tamper(message, direction);
  };
  const watched = open(await stack.person('alice'), { urls: [proxy.url], transport: tcpTransport() });
  const outcome = await Promise.race([
    watched.connected().then(() => 'connected' as const),
    watched.failed().then(({ error }) => error),
    watched.ended(),
  ]);
  await watched.connection.stop();
  return { outcome, sent };
}

const inHello =
  (change: Record<string, unknown>): Tamper =>
  (message) =>
    message.type === 'server_hello' ? { ...message, ...change } : message;

test('it logs in through somebody who changes nothing', async () => {
  const { outcome, sent } = await loginWhile((message) => message);
  expect(outcome).toBe('connected');
  expect(sent.slice(0, 3)).toEqual(['client_hello', 'client_auth', 'ping']);
});

describe('a change to what the server says ends the login before anything is proved to it', () => {
  const other = createSigningKey().publicKey.toString('base64');
  const bytes = (length: number): string => Buffer.alloc(length, 7).toString('base64');
  const changes: Record<string, Record<string, unknown>> = {
    'the session': { session_id: 'session_other' },
    'the challenge': { server_challenge: bytes(32) },
    'the proof': { challenge_response: bytes(64) },
    'the time': { timestamp: 1 },
    'the version': { version: '1.1' },
    'the capabilities, one less': { capabilities: ['message_relay'] },
    'the capabilities, all': { capabilities: [] },
    'the capabilities, more': { capabilities: ['message_relay', 'offline_storage', 'telepathy'] },
    'the limits': { limits: { messages_per_minute: 1 } },
    'the key of the gateway': { server_key: other },
    'the name of the gateway': { server_id: 'gateway-9' },
  };
  for (const [name, change] of Object.entries(changes)) {
    test(name, async () => {
      const { outcome, sent } = await loginWhile(inHello(change));
      expect(outcome).toBeInstanceOf(ServerNotGenuine);
      expect(sent).toEqual(['client_hello']);
    });
  }
});

describe('a change to what the client says does, too', () => {
  const changes: Record<string, Record<string, unknown>> = {
    'its capabilities, one less': { capabilities: ['groups'] },
    'its capabilities, all': { capabilities: [] },
    'its challenge': { challenge: Buffer.alloc(32, 7).toString('base64') },
    'its user': { user_id: 'mallory' },
    'its key': { public_key: createSigningKey().publicKey.toString('base64') },
    'a ticket': { resume: 'somebody.elses' },
  };
  for (const [name, change] of Object.entries(changes)) {
    test(name, async () => {
      const { outcome, sent } = await loginWhile((message) =>
        message.type === 'client_hello' ? { ...message, ...change } : message,
      );
      expect(outcome).toMatchObject({ name: 'ServerNotGenuine', because: 'not_proved', isRetryable: true });
      expect(sent).toEqual(['client_hello']);
    });
  }
});

test('a session under another name than the one that was agreed on is none', async () => {
  const { outcome } = await loginWhile((message) =>
    message.type === 'session_ready' ? { ...message, session_id: 'session_other' } : message,
  );
  expect(outcome).toMatchObject({ name: 'ServerBrokeProtocol' });
});

test('a server that takes the login and does not answer a ping does not count as connected', async () => {
  let hasSession = false;
  proxy.tamper = (message) => {
    hasSession ||= message.type === 'session_ready';
    return message.type === 'pong' ? undefined : message;
  };
  const { connection, states, sessions } = open(await stack.person('alice'), {
    urls: [proxy.url],
    transport: tcpTransport(),
  });
  await until('the server has taken the login', () => hasSession);
  await wait(300);
  expect([connection.state, connection.session, sessions]).toEqual(['authenticating', undefined, []]);
  await connection.stop();
  expect(states).not.toContain('connected');
});

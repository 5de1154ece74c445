import { describe, expect, test } from '@jest/globals';
import { createChallenge, signServerHello } from '@securechat/crypto/challenge';
import { signHandover } from '@securechat/crypto/service-keys';
import { createSigningKey, keyId, type SigningKey } from '@securechat/crypto/sign';
import { type Downstream, transcript, type Upstream } from '@securechat/protocol';
import { ServerNotGenuine } from '../errors.ts';
import { verifyServer } from './server-proof.ts';

type Hello = Upstream<'client_hello'>;
type ServerHello = Downstream<'server_hello'>;

const NOW = 1_795_651_200;
const base64 = (key: SigningKey): string => key.publicKey.toString('base64');

/** Both hellos as a genuine gateway of this service sends them. */
function helloPair(serviceKey: SigningKey, changes: Partial<ServerHello> = {}): [Hello, ServerHello] {
  const gatewayKey = createSigningKey();
  const hello: Hello = {
    type: 'client_hello',
    version: '1.0',
    user_id: 'alice',
    device_id: 'phone',
    public_key: base64(createSigningKey()),
    challenge: createChallenge(),
    capabilities: ['e2e_encryption', 'groups'],
    resume: 'ticket',
  };
  const facts = {
    server_id: 'gateway-1',
    public_key: base64(gatewayKey),
    not_before: NOW - 60,
    not_after: NOW + 3_600,
    service_key_id: keyId(serviceKey.publicKey),
  };
  const signature = serviceKey.sign(transcript('gateway-cert', facts)).toString('base64');
  return [
    hello,
    signServerHello(gatewayKey, hello, {
      type: 'server_hello',
      version: '1.0',
      server_id: 'gateway-1',
      server_key: facts.public_key,
      server_cert: { ...facts, signature },
      server_challenge: createChallenge(),
      session_id: 'session_1',
      timestamp: NOW,
      capabilities: ['message_relay', 'offline_storage'],
      encoding: 'json',
      limits: { messages_per_minute: 100 },
      ...changes,
    }),
  ];
}

/** The keys pinned afterwards, or why the server was refused. */
async function verdict(pins: readonly SigningKey[], hello: Hello, serverHello: ServerHello, now = NOW) {
  try {
    const kept = await verifyServer(
      pins.map(({ publicKey }) => publicKey),
      hello,
      serverHello,
      now,
    );
    return kept.map((key) => pins.findIndex(({ publicKey }) => Buffer.compare(publicKey, key) === 0));
  } catch (error) {
    if (error instanceof ServerNotGenuine) return error.because;
    throw error;
  }
}

const service = createSigningKey();
const stranger = createSigningKey();

test('a genuine server is taken, and its key stays pinned', async () => {
  expect(await verdict([service], ...helloPair(service))).toEqual([0]);
});

test('a server of another service is not, whatever it says of its key', async () => {
  const [hello, serverHello] = helloPair(stranger);
  expect(await verdict([service], hello, serverHello)).toBe('unknown_service_key');
  const server_cert = { ...serverHello.server_cert, service_key_id: keyId(service.publicKey) };
  expect(await verdict([service], hello, { ...serverHello, server_cert })).toBe('not_certified');
});

describe('whoever changes a hello on its way breaks the proof', () => {
  const other = createSigningKey();
  const changesDown: Partial<Record<keyof ServerHello, Partial<ServerHello>>> = {
    version: { version: '0.9' },
    server_challenge: { server_challenge: createChallenge() },
    challenge_response: { challenge_response: Buffer.alloc(64, 1).toString('base64') },
    session_id: { session_id: 'session_2' },
    timestamp: { timestamp: NOW + 1 },
    capabilities: { capabilities: ['message_relay'] },
    encoding: { encoding: 'cbor' as 'json' },
    limits: { limits: { messages_per_minute: 1_000_000 } },
  };
  test.each(Object.entries(changesDown))('server_hello.%s', async (_, change) => {
    const [hello, serverHello] = helloPair(service);
    expect(await verdict([service], hello, { ...serverHello, ...change })).toBe('not_proved');
  });

  const changesUp: Partial<Hello>[] = [
    { version: '1.1' },
    { user_id: 'mallory' },
    { device_id: 'laptop' },
    { public_key: base64(other) },
    { challenge: createChallenge() },
    { capabilities: ['groups'] },
    { capabilities: [] },
    { resume: 'another' },
    { resume: undefined },
    { encoding: 'json' },
  ] as Partial<Hello>[];
  test.each(changesUp)('client_hello as the server saw it: %j', async (change) => {
    const [hello, serverHello] = helloPair(service);
    expect(await verdict([service], { ...hello, ...change }, serverHello)).toBe('not_proved');
  });

  test.each([{ server_id: 'gateway-2' }, { server_key: base64(other) }])(
    'what the certificate is about: %j',
    async (change) => {
      const [hello, serverHello] = helloPair(service);
      expect(await verdict([service], hello, { ...serverHello, ...change })).toBe('not_certified');
    },
  );

  test.each([
    { server_id: 'gateway-2' },
    { public_key: base64(other) },
    { not_before: 0 },
    { not_after: NOW + 10 ** 9 },
    { signature: Buffer.alloc(64, 1).toString('base64') },
  ])('the certificate: %j', async (change) => {
    const [hello, serverHello] = helloPair(service);
    const server_cert = { ...serverHello.server_cert, ...change };
    expect(await verdict([service], hello, { ...serverHello, server_cert })).toBe('not_certified');
  });
});

test('a login of another connection is of no use', async () => {
  const [hello] = helloPair(service);
  const [, serverHello] = helloPair(service);
  expect(await verdict([service], hello, serverHello)).toBe('not_proved');
});

test('a gateway that is certified but does not hold its key is refused', async () => {
  const [hello, serverHello] = helloPair(service);
  const { challenge_response: _, ...facts } = serverHello;
  expect(await verdict([service], hello, signServerHello(stranger, hello, facts))).toBe('not_proved');
});

test('a certificate counts from its first second to before its last', async () => {
  const [hello, serverHello] = helloPair(service);
  const at = (now: number) => verdict([service], hello, serverHello, now);
  expect(await at(NOW - 61)).toBe('not_valid_now');
  expect(await at(NOW - 60)).toEqual([0]);
  expect(await at(NOW + 3_599)).toEqual([0]);
  expect(await at(NOW + 3_600)).toBe('not_valid_now');
});

describe('when the service key changes', () => {
  const next = createSigningKey();
  const known = [service, next];
  const pin = [service.publicKey];
  const accept = async (pins: readonly Uint8Array[], by: SigningKey, handovers: ServerHello['handovers']) => {
    const [hello, serverHello] = helloPair(by, handovers ? { handovers } : {});
    const kept = await verifyServer(pins, hello, serverHello, NOW);
    return kept.map((key) => known.findIndex(({ publicKey }) => Buffer.compare(publicKey, key) === 0));
  };
  const handover = signHandover(service, next.publicKey);

  test('the announced one is pinned beside the old one, then used, then alone', async () => {
    expect(await accept(pin, service, [handover])).toEqual([0, 1]);
    expect(await accept([service.publicKey, next.publicKey], next, [handover])).toEqual([0, 1]);
    expect(await accept([service.publicKey, next.publicKey], next, undefined)).toEqual([1]);
  });

  test('who was away meanwhile follows by the old key', async () => {
    expect(await accept(pin, next, [handover])).toEqual([0, 1]);
  });

  test('over two steps, in whatever order they are listed', async () => {
    const third = createSigningKey();
    const steps = [signHandover(next, third.publicKey), handover];
    const [hello, serverHello] = helloPair(third, { handovers: steps });
    expect(await verifyServer(pin, hello, serverHello, NOW)).toHaveLength(3);
  });

  test('a handover that the old key did not sign leads nowhere, and keeps no old key', async () => {
    const forged = { ...handover, signature: signHandover(stranger, next.publicKey).signature };
    await expect(accept(pin, next, [forged])).rejects.toMatchObject({ because: 'unknown_service_key' });
    expect(await accept([service.publicKey, next.publicKey], next, [forged])).toEqual([1]);
  });
});

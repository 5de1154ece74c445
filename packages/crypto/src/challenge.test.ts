import { describe, expect, test } from '@jest/globals';
import { type Downstream, handshakeTranscript, transcript, type Upstream } from '@securechat/protocol';
import { createChallenge, signServerHello, verifyClientAuth, verifyServerHello } from './challenge.ts';
import { createSigningKey, keyId } from './sign.ts';
import { certify, createLogin, flipBit, type Login, NOW_SECONDS } from './testing/hellos.ts';

type ClientHello = Upstream<'client_hello'>;
type ServerHello = Downstream<'server_hello'>;

const login = createLogin();

function clientAuth({ deviceKey, client, unsigned }: Login): Upstream<'client_auth'> {
  const signature = deviceKey.sign(handshakeTranscript('client-auth', client, unsigned));
  return { type: 'client_auth', signature: signature.toString('base64') };
}

function isServerGenuine(client: ClientHello, server: ServerHello, at = NOW_SECONDS): boolean {
  return verifyServerHello(login.serviceKey.publicKey, client, server, at);
}

test('a challenge is 32 bytes that do not repeat', () => {
  const challenges = Array.from({ length: 100 }, createChallenge);
  expect(new Set(challenges).size).toBe(100);
  for (const challenge of challenges) expect(Buffer.from(challenge, 'base64')).toHaveLength(32);
});

test('each side is convinced by the other', () => {
  expect(isServerGenuine(login.client, login.server)).toBe(true);
  expect(verifyClientAuth(login.client, login.unsigned, clientAuth(login))).toBe(true);
});

/** A valid different value for every field; the types ensure that a new field is not forgotten. */
const otherClient: { [Field in keyof Required<ClientHello>]: ClientHello[Field] } = {
  type: 'client_hello',
  version: '1.1',
  user_id: 'mallory',
  device_id: 'laptop',
  public_key: createSigningKey().publicKey.toString('base64'),
  challenge: createChallenge(),
  capabilities: ['e2e_encryption', 'groups', 'file_transfer'],
  encoding: undefined,
  resume: undefined,
};
const otherServer: { [Field in keyof ServerHello]: ServerHello[Field] } = {
  type: 'server_hello',
  version: '1.1',
  server_id: 'gateway-2',
  server_key: createSigningKey().publicKey.toString('base64'),
  server_cert: { ...login.server.server_cert, signature: flipBit(login.server.server_cert.signature) },
  server_challenge: createChallenge(),
  challenge_response: flipBit(login.server.challenge_response),
  session_id: 'session_2',
  timestamp: NOW_SECONDS + 1,
  capabilities: ['message_relay'],
  encoding: 'msgpack' as 'json',
  limits: { messages_per_minute: 101, connections: 5 },
  handovers: undefined,
};

/** `type` has one value, and each handover is signed separately. The offered version and encoding are not signed; the server's choice of them is. */
const UNSIGNED_CLIENT_FIELDS = new Set<string>(['type', 'version', 'encoding']);
const UNSIGNED_SERVER_FIELDS = new Set<string>(['type', 'handovers']);

describe('one changed field of client_hello', () => {
  for (const [field, value] of Object.entries(otherClient)) {
    if (UNSIGNED_CLIENT_FIELDS.has(field)) continue;
    const changed = { ...login.client, [field]: value };

    test(`${field}: the server's proof is refused`, () => {
      expect(isServerGenuine(changed, login.server)).toBe(false);
    });
    test(`${field}: the client's proof is refused`, () => {
      expect(verifyClientAuth(changed, login.unsigned, clientAuth(login))).toBe(false);
    });
  }
});

describe('one changed field of server_hello', () => {
  for (const [field, value] of Object.entries(otherServer)) {
    if (UNSIGNED_SERVER_FIELDS.has(field)) continue;
    const changed = { ...login.server, [field]: value };

    test(`${field}: the server's proof is refused`, () => {
      expect(isServerGenuine(login.client, changed)).toBe(false);
    });
    if (field === 'challenge_response') continue;
    test(`${field}: the client's proof is refused`, () => {
      expect(verifyClientAuth(login.client, changed, clientAuth(login))).toBe(false);
    });
  }
});

describe('the certificate in server_hello', () => {
  const { signature: _, ...facts } = login.server.server_cert;
  const otherFacts: typeof facts = {
    server_id: 'gateway-2',
    public_key: createSigningKey().publicKey.toString('base64'),
    not_before: NOW_SECONDS - 61,
    not_after: NOW_SECONDS + 1_000_000,
    service_key_id: '0123456789abcdef',
  };
  for (const [field, value] of Object.entries(otherFacts)) {
    test(`is refused with another ${field}`, () => {
      const server_cert = { ...login.server.server_cert, [field]: value };
      expect(isServerGenuine(login.client, { ...login.server, server_cert })).toBe(false);
    });
  }

  /** A hello whose only fault is in the certificate: the gateway's own key signs everything again. */
  function helloWith(changes: Partial<typeof facts>, key = login.serviceKey): ServerHello {
    const server_cert = certify(key, { ...facts, ...changes });
    return signServerHello(login.gatewayKey, login.client, { ...login.unsigned, server_cert });
  }

  test('counts from its first second to before its last', () => {
    const hello = helloWith({ not_before: NOW_SECONDS, not_after: NOW_SECONDS + 10 });
    expect(isServerGenuine(login.client, hello, NOW_SECONDS - 1)).toBe(false);
    expect(isServerGenuine(login.client, hello, NOW_SECONDS)).toBe(true);
    expect(isServerGenuine(login.client, hello, NOW_SECONDS + 9)).toBe(true);
    expect(isServerGenuine(login.client, hello, NOW_SECONDS + 10)).toBe(false);
  });

  test('must be signed by the pinned service key', () => {
    expect(isServerGenuine(login.client, helloWith({}, createSigningKey()))).toBe(false);
  });

  test('must name this server', () => {
    expect(isServerGenuine(login.client, helloWith({ server_id: 'gateway-2' }))).toBe(false);
  });

  test('must be for the key of this server', () => {
    const public_key = createSigningKey().publicKey.toString('base64');
    expect(isServerGenuine(login.client, helloWith({ public_key }))).toBe(false);
  });
});

test('a server key put in place of the real one convinces nobody, even with a certificate of its own making', () => {
  const attacker = createSigningKey();
  const server_key = attacker.publicKey.toString('base64');
  const stolen = { ...login.unsigned, server_key };
  expect(isServerGenuine(login.client, signServerHello(attacker, login.client, stolen))).toBe(false);

  const server_cert = certify(attacker, { ...login.server.server_cert, public_key: server_key });
  const forged = { ...stolen, server_cert };
  expect(isServerGenuine(login.client, signServerHello(attacker, login.client, forged))).toBe(false);

  const disguised = { ...server_cert, service_key_id: keyId(login.serviceKey.publicKey) };
  const hello = signServerHello(attacker, login.client, { ...forged, server_cert: disguised });
  expect(isServerGenuine(login.client, hello)).toBe(false);
});

describe('a capability taken out on the way', () => {
  for (const capability of login.client.capabilities) {
    test(`${capability} of the client is noticed by both`, () => {
      const stripped = {
        ...login.client,
        capabilities: login.client.capabilities.filter((name) => name !== capability),
      };
      // the gateway saw and signed the stripped hello; the client compares with the one it sent
      const server = signServerHello(login.gatewayKey, stripped, login.unsigned);
      expect(isServerGenuine(login.client, server)).toBe(false);
      expect(verifyClientAuth(stripped, login.unsigned, clientAuth(login))).toBe(false);
    });
  }
  for (const capability of login.server.capabilities) {
    test(`${capability} of the server is noticed by both`, () => {
      const capabilities = login.server.capabilities.filter((name) => name !== capability);
      const stripped = { ...login.server, capabilities };
      expect(isServerGenuine(login.client, stripped)).toBe(false);
      const auth = clientAuth({ ...login, unsigned: stripped });
      expect(verifyClientAuth(login.client, login.unsigned, auth)).toBe(false);
    });
  }
});

describe('a proof made under another label', () => {
  test("the server's does not pass for the client's, nor the other way round", () => {
    const asServer = login.gatewayKey.sign(handshakeTranscript('client-auth', login.client, login.unsigned));
    const hello = { ...login.unsigned, challenge_response: asServer.toString('base64') };
    expect(isServerGenuine(login.client, hello)).toBe(false);

    const asClient = login.deviceKey.sign(handshakeTranscript('server-auth', login.client, login.unsigned));
    const auth = { type: 'client_auth', signature: asClient.toString('base64') } as const;
    expect(verifyClientAuth(login.client, login.unsigned, auth)).toBe(false);
  });

  test('a certificate signed as anything else is none', () => {
    const { signature: _, ...facts } = login.server.server_cert;
    const mislabelled = login.serviceKey.sign(transcript('resume-ticket', facts));
    const server_cert = { ...facts, signature: mislabelled.toString('base64') };
    const hello = signServerHello(login.gatewayKey, login.client, { ...login.unsigned, server_cert });
    expect(isServerGenuine(login.client, hello)).toBe(false);
  });

  test('the raw challenge signed by the right key proves nothing', () => {
    const raw = login.deviceKey.sign(Buffer.from(login.server.server_challenge, 'base64'));
    const auth = { type: 'client_auth', signature: raw.toString('base64') } as const;
    expect(verifyClientAuth(login.client, login.unsigned, auth)).toBe(false);
  });
});

test('a proof of an earlier login is not accepted for a new challenge', () => {
  const earlier = clientAuth(login);
  const fresh = { ...login.unsigned, server_challenge: createChallenge() };
  expect(verifyClientAuth(login.client, fresh, earlier)).toBe(false);
});

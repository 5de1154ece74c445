import { describe, expect } from '@jest/globals';
import { createSigningKey } from '@securechat/crypto/sign';
import { type Downstream, encodeUpstream } from '@securechat/protocol';
import {
  authFor,
  type ConnectionEnd,
  helloOf,
  type LoginOptions,
  LoginRefused,
  makeChat,
  newConversationId,
  type Person,
  personNamed,
  type RawClient,
  until,
} from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';

const HANDSHAKE_TIMEOUT_MS = 2_500;
const stack = useConstellation({
  gateways: [{}, { env: { GATEWAY_HANDSHAKE_TIMEOUT_MS: String(HANDSHAKE_TIMEOUT_MS) } }],
});
const { test } = stack;

type Refusal = { answer: Downstream<'error'>; end: ConnectionEnd };

/** The error that a login is answered with, and how the connection ends after it. */
async function refusalOf(options: LoginOptions, where = 0): Promise<Refusal> {
  const client = await stack.connect(where);
  const error = await client.login({ serviceKey: stack.constellation.serviceKey, ...options }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof LoginRefused)) throw new Error('the login was not refused', { cause: error });
  return { answer: error.answer, end: await client.end() };
}

const REFUSED: Refusal = {
  answer: {
    type: 'error',
    code: 1001,
    error_code: 'AUTHENTICATION_FAILED',
    error_message: 'Authentication failed',
  },
  end: { code: 4501, reason: 'the login was refused' },
};

describe('both sides prove themselves', () => {
  test('the gateway by a key that the pinned service key has certified', async () => {
    const person = await stack.person('alice');
    const { serverHello } = await stack.login(person);
    expect(serverHello.server_cert).toMatchObject({
      server_id: serverHello.server_id,
      public_key: serverHello.server_key,
    });
    const lifeSeconds = serverHello.server_cert.not_after - serverHello.server_cert.not_before;
    expect(lifeSeconds).toBeLessThanOrEqual(24 * 3600 + 600);

    const client = await stack.connect(1);
    const device = person.device(0);
    const wrongPin = client.login({ person, device, serviceKey: createSigningKey().publicKey });
    await expect(wrongPin).rejects.toThrow('the server could not prove itself');
  });

  test('each gateway has a key of its own, and each login a challenge of its own', async () => {
    const person = await stack.person('alice', { devices: 3 });
    const hellos = [
      (await stack.login(person, { where: 0 })).serverHello,
      (await stack.login(person, { where: 0, device: 1 })).serverHello,
      (await stack.login(person, { where: 1, device: 2 })).serverHello,
    ];
    expect(new Set(hellos.map(({ server_key }) => server_key)).size).toBe(2);
    expect(new Set(hellos.map(({ server_challenge }) => server_challenge)).size).toBe(3);
    expect(new Set(hellos.map(({ session_id }) => session_id)).size).toBe(3);
  });

  test('the service key is published where clients look for it', async () => {
    const response = await fetch(`${stack.constellation.authUrl}/.well-known/securechat`);
    const { service_keys } = (await response.json()) as { service_keys: { public_key: string }[] };
    const keys = service_keys.map(({ public_key }) => public_key);
    expect(keys).toContain(Buffer.from(stack.constellation.serviceKey).toString('base64'));
  });
});

describe('whoever is not an enrolled device is told the same', () => {
  test('an unknown user, an unknown device and a wrong key', async () => {
    const known = await stack.person('alice');
    const nobody = personNamed('nobody');
    const strangeKey = createSigningKey();
    const strange = {
      ...known.device(0),
      key: strangeKey,
      publicKey: strangeKey.publicKey.toString('base64'),
    };
    const refusals = [
      await refusalOf({ person: nobody, device: nobody.device(0) }),
      await refusalOf({ person: known, device: { ...known.device(0), id: 'toaster' } }),
      await refusalOf({ person: known, device: strange }),
      // a device of the same user under the name of another one
      await refusalOf({ person: known, device: { ...known.device(1), id: known.device(0).id } }),
      // somebody else's device
      await refusalOf({ person: { ...known, id: nobody.id }, device: known.device(0) }),
    ];
    expect(refusals).toEqual(refusals.map(() => REFUSED));
  });

  test('a proof by another key than the one that was named', async () => {
    const person = await stack.person('alice');
    const device = { ...person.device(0), key: createSigningKey() };
    expect(await refusalOf({ person, device })).toEqual(REFUSED);
  });

  test('a proof under the label of the server', async () => {
    const person = await stack.person('alice');
    const options = { person, device: person.device(0), tamper: { context: 'server-auth' } } as const;
    expect(await refusalOf(options)).toEqual(REFUSED);
  });

  test('a proof over other hellos than those that were exchanged', async () => {
    const person = await stack.person('alice');
    const changes: NonNullable<NonNullable<LoginOptions['tamper']>['signed']>[] = [
      (client, server) => ({ client: { ...client, capabilities: [] }, server }),
      (client, server) => ({ client: { ...client, resume: 'ticket' }, server }),
      (client, server) => ({ client, server: { ...server, session_id: 'session_other' } }),
      (client, server) => ({ client, server: { ...server, limits: { messages_per_minute: 1 } } }),
      (client, server) => ({ client, server: { ...server, server_challenge: client.challenge } }),
    ];
    for (const signed of changes) {
      expect(await refusalOf({ person, device: person.device(0), tamper: { signed } })).toEqual(REFUSED);
    }
  });
});

describe('a recorded login is of no use', () => {
  test('on another connection', async () => {
    const person = await stack.person('alice');
    const { hello, auth } = await stack.login(person);
    const replay = await stack.connect();
    replay.send('client_hello', hello);
    await replay.next('server_hello');
    replay.send('client_auth', auth);
    expect((await replay.next('error')).error_code).toBe('AUTHENTICATION_FAILED');
    expect((await replay.end()).code).toBe(4501);
  });

  test('also when both are sent without waiting', async () => {
    const person = await stack.person('alice');
    const { hello, auth } = await stack.login(person);
    const replay = await stack.connect(1);
    replay.sendFrame(
      Buffer.concat([encodeUpstream('client_hello', hello), encodeUpstream('client_auth', auth)]),
    );
    expect((await replay.next('error')).error_code).toBe('AUTHENTICATION_FAILED');
  });

  test('a proof is good for the connection whose challenge it answers, and for one try', async () => {
    const person = await stack.person('alice');
    const options = { person, device: person.device(0) };
    const [one, other] = [await stack.connect(), await stack.connect()];
    const hello = helloOf(options);
    for (const client of [one, other]) client.send('client_hello', hello);
    const [forOne] = [await one.next('server_hello'), await other.next('server_hello')];
    other.send('client_auth', authFor(options, hello, forOne));
    expect((await other.next('error')).error_code).toBe('AUTHENTICATION_FAILED');
    one.send('client_auth', authFor(options, hello, forOne));
    await one.next('session_ready');
    one.send('client_auth', authFor(options, hello, forOne));
    expect((await one.next('error')).error_code).toBe('UNEXPECTED_MESSAGE');
  });
});

describe('the order of the login', () => {
  test('nothing else may come before it', async () => {
    const person = await stack.person('alice');
    const source = { from: person, device: person.device(0), to: 'bob', conversationId: newConversationId() };
    const chat = makeChat({ ...source, clientSeq: 1, payload: 'x' });
    const early: ((client: RawClient) => void)[] = [
      (client) => client.send('chat', chat),
      (client) => client.send('ping', { type: 'ping', timestamp: 0, sequence: 1 }),
      (client) => client.send('resume', { type: 'resume', cursor: 0 }),
      (client) => client.send('client_auth', { type: 'client_auth', signature: chat.signature }),
      (client) => client.sendAny(0x7777, {}),
    ];
    for (const send of early) {
      const client = await stack.connect();
      send(client);
      expect((await client.next('error')).error_code).toBe('UNEXPECTED_MESSAGE');
      expect((await client.end()).code).toBe(4502);
    }
  });

  test('a second hello is refused, and the session goes on', async () => {
    const person = await stack.person('alice');
    const { client, hello } = await stack.login(person);
    client.send('client_hello', hello);
    expect((await client.next('error')).error_code).toBe('UNEXPECTED_MESSAGE');
    client.send('ping', { type: 'ping', timestamp: 0, sequence: 1 });
    await client.next('pong');
  });

  test('a version that is not served is refused with those that are', async () => {
    const person = await stack.person('alice');
    const refusal = await refusalOf({ person, device: person.device(0), overrides: { version: '2.0' } });
    expect(refusal.answer).toMatchObject({
      code: 1000,
      error_code: 'UNSUPPORTED_VERSION',
      supported_versions: ['1.0'],
    });
    expect(refusal.end.code).toBe(4503);
  });

  test('whoever takes too long is sent away, at whatever step', async () => {
    const person = await stack.person('alice');
    const silent = await stack.connect(1);
    const halfway = await stack.connect(stack.constellation.gateways[1]!.target('tcp'));
    halfway.send('client_hello', helloOf({ person, device: person.device(0) }));
    await halfway.next('server_hello');
    for (const client of [silent, halfway]) {
      expect((await client.end(HANDSHAKE_TIMEOUT_MS + 5_000)).code).toBe(4005);
    }
  });
});

describe('a resume ticket', () => {
  test('is for this device and this key, and of no use to whoever steals it', async () => {
    const [victim, thief] = [await stack.person('victim'), await stack.person('thief')];
    const { ready } = await stack.login(victim);
    const ticket = ready.resume_ticket;
    const stolen = { ...victim.device(0), key: thief.device(0).key };
    expect(await refusalOf({ person: victim, device: stolen, ticket })).toEqual(REFUSED);
    const disguised = { ...thief.device(0), id: victim.device(0).id };
    expect(await refusalOf({ person: victim, device: disguised, ticket })).toEqual(REFUSED);
  });

  test('that is not genuine does not help a stranger, and does not harm an enrolled device', async () => {
    const person = await stack.person('alice');
    const { ready } = await stack.login(person);
    const [body = '', signature = ''] = ready.resume_ticket.split('.');
    const facts = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
    const forged = (changes: object): string =>
      `${Buffer.from(JSON.stringify({ ...facts, ...changes })).toString('base64url')}.${signature}`;

    const stranger = personNamed('stranger');
    const [key] = [stranger.device(0)];
    for (const ticket of [
      forged({ user_id: stranger.id, device_id: key.id, public_key: key.publicKey }),
      'nonsense',
      `${body}.${Buffer.alloc(64).toString('base64url')}`,
    ]) {
      expect(await refusalOf({ person: stranger, device: key, ticket })).toEqual(REFUSED);
      const { ready: again } = await stack.login(person, { ticket });
      expect(again.resume_ticket).not.toBe(ticket);
    }
  });

  test('lets a hundred clients change to the other gateway while auth is away', async () => {
    const people = await Promise.all(Array.from({ length: 50 }, () => stack.person('user')));
    const clients = people.flatMap((person) => [0, 1].map((device) => ({ person, device })));
    const tickets = new Map<string, string>();
    const nameOf = (person: Person, device: number): string => person.device(device).address;
    await inTurns(clients, 10, async ({ person, device }) => {
      const { client, ready } = await stack.login(person, { where: 0, device });
      tickets.set(nameOf(person, device), ready.resume_ticket);
      client.destroy();
    });

    const [auth] = stack.constellation.auths;
    await auth!.stop();
    try {
      await inTurns(clients, 10, async ({ person, device }) => {
        const ticket = tickets.get(nameOf(person, device));
        const { client } = await stack.login(person, { where: 1, device, ticket });
        client.send('resume', { type: 'resume', cursor: 0 });
        expect(await client.next('sync_page')).toMatchObject({ items: [], more: false });
      });

      const [person] = people;
      const withoutTicket = { person: person!, device: person!.device(0), deadlineMs: 15_000 };
      const refusals = [undefined, `${tickets.get(nameOf(person!, 0))}x`].map((ticket) =>
        refusalOf({ ...withoutTicket, ticket }),
      );
      for (const { answer, end } of await Promise.all(refusals)) {
        expect(answer).toMatchObject({ code: 2002, error_code: 'SERVER_UNAVAILABLE' });
        expect(answer.retry_after_ms).toBeGreaterThan(0);
        expect(end.code).toBe(4006);
      }
    } finally {
      await auth!.restart();
    }
    await until('a login without a ticket works again', () => stack.login(people[0]!).then(() => true));
  }, 90_000);
});

/** Runs `work` for all items, at most `atOnce` at the same time. */
async function inTurns<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < items.length; at += atOnce) await Promise.all(items.slice(at, at + atOnce).map(work));
}

import { beforeAll, describe, expect } from '@jest/globals';
import { createSigningKey, keyId, type SigningKey } from '@securechat/crypto/sign';
import { issueTicket } from '@securechat/crypto/ticket';
import { encodeUpstream, HEADER_BYTES, type UpstreamName, upstream } from '@securechat/protocol';
import {
  authFor,
  type Device,
  helloOf,
  type LoginOptions,
  LoginRefused,
  nowSeconds,
  type Person,
  personNamed,
  type RawClient,
} from '@securechat/testkit';
import { type Attacker, expectPong, frameOf } from './support/attacker.ts';
import type { BadInput } from './support/bad-input.ts';
import { useSiege } from './support/siege.ts';

const siege = useSiege();
const { test } = siege;

let [alice, eve]: Person[] = [];
let attacker: Attacker;
beforeAll(async () => {
  [alice, eve] = await Promise.all(['alice', 'eve'].map((name) => siege.victim(name)));
  attacker = siege.attackerFor(eve!);
});

/** Someone of whom auth has never heard. */
const nobody = personNamed('canary_nobody');

type Refusal = { frames: string[]; end: { code: number; reason: string } };

/** Everything that the server says after the proof, byte for byte. */
async function refusalOf(options: Omit<LoginOptions, 'serviceKey'>, where = 0): Promise<Refusal> {
  const client = await siege.connect(where);
  const outcome = await client.login({ ...options, serviceKey: siege.serviceKey }).then(
    () => 'no refusal',
    (error: unknown) => error,
  );
  if (!(outcome instanceof LoginRefused)) throw new Error('the login was not refused', { cause: outcome });
  const end = await client.end();
  const rest = client.queue.map(({ payload }) => Buffer.from(payload).toString());
  return { frames: [JSON.stringify(outcome.answer), ...rest], end };
}

const REFUSED: Refusal = {
  frames: [
    '{"type":"error","code":1001,"error_code":"AUTHENTICATION_FAILED","error_message":"Authentication failed"}',
  ],
  end: { code: 4501, reason: 'the login was refused' },
};

/** The tables are as before, and each refusal is the same to the byte. */
async function allRefused(attempts: Omit<LoginOptions, 'serviceKey'>[]): Promise<void> {
  const before = await siege.database.fingerprint();
  for (const [n, attempt] of attempts.entries()) {
    expect([n, await refusalOf(attempt, n % 2)]).toEqual([n, REFUSED]);
  }
  expect(await siege.database.fingerprint()).toEqual(before);
}

const withKey = (device: Device, key: SigningKey): Device => ({
  ...device,
  key,
  publicKey: key.publicKey.toString('base64'),
});

describe('whoever is not an enrolled device gets the same bytes and the same end', () => {
  test('whatever is wrong', async () => {
    const phone = alice!.device(0);
    await allRefused([
      { person: nobody, device: nobody.device(0) },
      { person: { ...alice!, id: alice!.id.toUpperCase() }, device: phone },
      { person: { ...alice!, id: `${alice!.id}x` }, device: phone },
      { person: alice!, device: { ...phone, id: 'canary' } },
      { person: alice!, device: withKey(phone, createSigningKey()) },
      { person: alice!, device: withKey(phone, alice!.accountKey) },
      { person: alice!, device: { ...alice!.device(1), id: phone.id } },
      { person: alice!, device: eve!.device(0) },
      { person: eve!, device: alice!.device(0) },
      { person: { ...nobody, id: alice!.id }, device: nobody.device(0) },
      // the right key is named, another one proves
      { person: alice!, device: { ...phone, key: createSigningKey() } },
      { person: alice!, device: { ...phone, key: eve!.device(0).key } },
      { person: alice!, device: phone, tamper: { context: 'server-auth' } },
      {
        person: alice!,
        device: phone,
        tamper: { auth: (auth) => ({ ...auth, signature: Buffer.alloc(64).toString('base64') }) },
      },
    ]);
  });

  test('and before that the same greeting', async () => {
    const shapes: string[] = [];
    for (const [person, device] of [
      [alice!, alice!.device(0)],
      [nobody, nobody.device(0)],
      [alice!, withKey(alice!.device(0), createSigningKey())],
    ] as const) {
      const client = await siege.connect();
      client.send('client_hello', helloOf({ person, device }));
      const { server_challenge, challenge_response, session_id, timestamp, ...rest } =
        await client.next('server_hello');
      const fresh = [server_challenge, challenge_response, session_id, String(timestamp)];
      shapes.push(JSON.stringify({ ...rest, fresh: fresh.map(({ length }) => length) }));
    }
    expect(shapes).toEqual(shapes.map(() => shapes[0]));
  });

  test('a proof over anything but what both have said', async () => {
    const [person, device] = [alice!, alice!.device(0)];
    const changes: NonNullable<NonNullable<LoginOptions['tamper']>['signed']>[] = [
      (client, server) => ({ client: { ...client, version: '1.1' }, server }),
      (client, server) => ({ client: { ...client, user_id: eve!.id }, server }),
      (client, server) => ({ client: { ...client, device_id: 'laptop' }, server }),
      (client, server) => ({ client: { ...client, public_key: eve!.device(0).publicKey }, server }),
      (client, server) => ({ client: { ...client, challenge: server.server_challenge }, server }),
      (client, server) => ({ client: { ...client, capabilities: [] }, server }),
      (client, server) => ({ client: { ...client, encoding: 'json' as const }, server }),
      (client, server) => ({ client: { ...client, resume: 'canary' }, server }),
      (client, server) => ({ client, server: { ...server, version: '2.0' } }),
      (client, server) => ({ client, server: { ...server, server_id: 'gateway-9' } }),
      (client, server) => ({ client, server: { ...server, server_key: device.publicKey } }),
      (client, server) => ({ client, server: { ...server, server_challenge: client.challenge } }),
      (client, server) => ({ client, server: { ...server, session_id: 'session_canary' } }),
      (client, server) => ({ client, server: { ...server, timestamp: server.timestamp + 1 } }),
      (client, server) => ({ client, server: { ...server, capabilities: ['canary'] } }),
      (client, server) => ({ client, server: { ...server, limits: {} } }),
      (client, server) => ({
        client,
        server: { ...server, server_cert: { ...server.server_cert, signature: server.challenge_response } },
      }),
    ];
    await allRefused(changes.map((signed) => ({ person, device, tamper: { signed } })));
  });
});

describe('a captured login', () => {
  test('is of no use on a new connection, to this gateway or the other', async () => {
    const before = await siege.database.fingerprint();
    const [person, device] = [alice!, alice!.device(0)];
    const { hello, auth, serverHello } = await siege.login(person, { serviceKey: siege.serviceKey });
    for (const where of [0, 1]) {
      for (const isPacked of [false, true]) {
        const client = await siege.connect(where);
        const [first, second] = [encodeUpstream('client_hello', hello), encodeUpstream('client_auth', auth)];
        if (isPacked) client.sendFrame(Buffer.concat([first, second]));
        else client.sendFrame(first);
        const greeting = await client.next('server_hello');
        expect(greeting.server_challenge).not.toBe(serverHello.server_challenge);
        expect(greeting.session_id).not.toBe(serverHello.session_id);
        if (!isPacked) client.sendFrame(second);
        expect((await client.next('error')).error_code).toBe('AUTHENTICATION_FAILED');
        expect((await client.end()).code).toBe(4501);
      }
    }
    // a proof for one gateway, given to the other one
    const [here, there] = [await siege.connect(0), await siege.connect(1)];
    const said = helloOf({ person, device });
    for (const client of [here, there]) client.send('client_hello', said);
    const forHere = authFor({ person, device }, said, await here.next('server_hello'));
    await there.next('server_hello');
    there.send('client_auth', forHere);
    expect((await there.next('error')).error_code).toBe('AUTHENTICATION_FAILED');
    expect(await siege.database.fingerprint()).toEqual(before);
  });

  test('within a session is not expected, and does not end it', async () => {
    const { client, hello, auth } = await siege.login(alice!, { serviceKey: siege.serviceKey });
    for (const frame of [encodeUpstream('client_hello', hello), encodeUpstream('client_auth', auth)]) {
      client.sendFrame(frame);
      expect((await client.next('error')).error_code).toBe('UNEXPECTED_MESSAGE');
      await expectPong(client);
    }
  });
});

describe('before the login is over nothing else is taken:', () => {
  const unexpected = { error: 'UNEXPECTED_MESSAGE', end: 'protocol_violation' } as const;
  const texts: [UpstreamName | number, string][] = [
    ['ping', '{"type":"ping","timestamp":0,"sequence":1}'],
    ['resume', '{"type":"resume","cursor":0}'],
    ['ack', '{"type":"ack","through":1}'],
    ['device_list', '{"type":"device_list","id":"canary","user_id":"canary_alice_1"}'],
    ['chat', '{"canary":1}'],
    ['group_create', '{"canary":1}'],
    [0x0002, '{"type":"server_hello"}'],
    [0x0004, '{"type":"session_ready"}'],
    [0x7f01, '{}'],
  ];
  const inputs = (['hello', 'proof'] as const).flatMap((at): BadInput[] => {
    const early = at === 'hello' ? 'client_auth' : 'client_hello';
    return [...texts, [early, '{"canary":1}'] as const].map(([type, text]) => ({
      name: `${typeof type === 'number' ? `type 0x${type.toString(16)}` : type} at ${at}`,
      at,
      send: () => frameOf(type, text),
      ...unexpected,
    }));
  });
  siege.refuses(() => attacker, inputs);
  siege.refuses(
    () => attacker,
    [
      {
        name: 'a proof that is none',
        at: 'proof',
        send: () => {
          const signature = Buffer.alloc(64, 7).toString('base64');
          return encodeUpstream('client_auth', { type: 'client_auth', signature });
        },
        error: 'AUTHENTICATION_FAILED',
        says: { code: 1001 },
        end: 'authentication_failed',
      },
      {
        name: 'a version that is not served',
        at: 'hello',
        send: (by) => encodeUpstream('client_hello', { ...helloOf(by.loginOptions), version: '2.0' }),
        error: 'UNSUPPORTED_VERSION',
        says: { supported_versions: ['1.0'] },
        end: 'unsupported_version',
      },
    ],
  );

  test('a message right behind the proof waits for the login, and is not taken when that is refused', async () => {
    const before = await siege.database.fingerprint();
    const options = { person: alice!, device: withKey(alice!.device(0), createSigningKey()) };
    const client = await siege.connect();
    const hello = helloOf(options);
    client.send('client_hello', hello);
    const auth = authFor(options, hello, await client.next('server_hello'));
    const behind = [
      frameOf('resume', '{"type":"resume","cursor":0}'),
      frameOf('ping', '{"type":"ping","timestamp":0,"sequence":1}'),
    ];
    client.sendFrame(Buffer.concat([encodeUpstream('client_auth', auth), ...behind]));
    expect((await client.next('error')).error_code).toBe('AUTHENTICATION_FAILED');
    expect((await client.end()).code).toBe(4501);
    expect(client.queue).toEqual([]);
    expect(await siege.database.fingerprint()).toEqual(before);
  });
});

describe('a resume ticket', () => {
  let facts: Parameters<typeof issueTicket>[1];
  let genuine: string;
  beforeAll(async () => {
    const client = await siege.connect();
    const device = alice!.device(0);
    const { ready } = await client.login({ person: alice!, device, serviceKey: siege.serviceKey });
    genuine = ready.resume_ticket;
    siege.keepSecret(genuine);
    client.destroy();
    const key = nobody.device(0);
    facts = {
      ...{ user_id: nobody.id, device_id: key.id, public_key: key.publicKey },
      ...{
        user_ref: 9_000_001,
        device_ref: 9_000_001,
        issued_at: nowSeconds() - 60,
        expires_at: nowSeconds() + 600,
      },
    };
  });

  /** For somebody whom auth would refuse, so that a login shows that the ticket was believed. */
  const ticketFor = (changes: Partial<typeof facts> = {}, key = siege.serviceSigningKey): string => {
    const ticket = issueTicket(key, { ...facts, ...changes });
    siege.keepSecret(ticket);
    return ticket;
  };
  const asNobody = (ticket: string): Omit<LoginOptions, 'serviceKey'> => ({
    person: nobody,
    device: nobody.device(0),
    ticket,
  });

  test('that the service has signed, and that is not over, is believed: the other tests reach it', async () => {
    const client = await siege.connect();
    const { ready } = await client.login({ ...asNobody(ticketFor()), serviceKey: siege.serviceKey });
    expect(ready.resume_expires_at).toBe(facts.expires_at);
  });

  test('that is over, altered, or another’s is none', async () => {
    const good = ticketFor();
    const [body = '', signature = ''] = good.split('.');
    const read = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
    const changed = (changes: object): string =>
      `${Buffer.from(JSON.stringify({ ...read, ...changes })).toString('base64url')}.${signature}`;
    const other = createSigningKey();
    const underItsName = issueTicket(other, facts).split('.');
    await allRefused(
      [
        ticketFor({ expires_at: nowSeconds() - 1 }),
        ticketFor({ expires_at: nowSeconds() }),
        ticketFor({ expires_at: 0 }),
        // of another user, another device, another key
        ticketFor({ user_id: alice!.id }),
        ticketFor({ user_id: nobody.id.toUpperCase() }),
        ticketFor({ device_id: 'laptop' }),
        ticketFor({ public_key: alice!.device(0).publicKey }),
        genuine,
        // by another key, under its own name and under that of the service's
        ticketFor({}, other),
        `${changedKeyId(underItsName[0] ?? '')}.${underItsName[1]}`,
        // altered
        changed({ expires_at: 99_999_999_999 }),
        changed({ user_ref: 1 }),
        changed({ device_ref: 1 }),
        changed({ issued_at: 0 }),
        changed({ ticket_id: 'canary' }),
        changed({ service_key_id: 'canary' }),
        changed({ expires_at: undefined }),
        changed({ expires_at: String(facts.expires_at) }),
        changed({ user_ref: -1 }),
        `${body}.${Buffer.alloc(64).toString('base64url')}`,
        `${body}.${Buffer.from(genuine.split('.')[1] ?? '', 'base64url').toString('base64url')}`,
        `${good}.${signature}`,
        `${body}${signature}`,
        `${body}.`,
        `.${signature}`,
        '.',
        'canary',
        `${Buffer.from('null').toString('base64url')}.${signature}`,
        `${Buffer.from('[]').toString('base64url')}.${signature}`,
        `${Buffer.from('{"__proto__":{}}').toString('base64url')}.${signature}`,
      ].map(asNobody),
    );
  });

  const changedKeyId = (body: string): string => {
    const ticket = JSON.parse(Buffer.from(body, 'base64url').toString()) as object;
    const named = { ...ticket, service_key_id: keyId(siege.serviceKey) };
    return Buffer.from(JSON.stringify(named)).toString('base64url');
  };

  test('of somebody else does not make its thief anybody', async () => {
    const thief = eve!.device(0);
    await allRefused([
      { person: alice!, device: { ...alice!.device(0), key: thief.key }, ticket: genuine },
      { person: alice!, device: { ...thief, id: alice!.device(0).id }, ticket: genuine },
      { person: alice!, device: { ...alice!.device(1), key: thief.key }, ticket: genuine },
    ]);
    // with a key of her own she is who she is
    const client = await siege.connect();
    const { ready } = await client.login({
      person: eve!,
      device: thief,
      ticket: genuine,
      serviceKey: siege.serviceKey,
    });
    expect(ready.resume_ticket).not.toBe(genuine);
    const told = JSON.parse(
      Buffer.from(ready.resume_ticket.split('.')[0] ?? '', 'base64url').toString(),
    ) as object;
    expect(told).toMatchObject({ user_id: eve!.id, device_id: thief.id });
  });
});

test('what is said at login has no second meaning: 4 KiB is all', async () => {
  const hello = helloOf({ person: alice!, device: alice!.device(0) });
  const text = JSON.stringify(hello);
  const limit = upstream.client_hello.maxUpBytes;
  const client: RawClient = await siege.connect();
  client.sendFrame(frameOf('client_hello', text + ' '.repeat(limit - text.length)));
  await client.next('server_hello');
  const long = await siege.connect();
  long.sendFrame(
    frameOf('client_hello', text + ' '.repeat(limit - text.length + 1)).subarray(0, HEADER_BYTES),
  );
  expect(await long.next('error')).toMatchObject({ error_code: 'FRAME_TOO_LARGE', limit });
  expect((await long.end()).code).toBe(4502);
});

siege.endsWell();

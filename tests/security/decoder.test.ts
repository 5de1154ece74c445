import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect } from '@jest/globals';
import {
  closeCodes,
  type ErrorName,
  encodeUpstream,
  errors,
  HEADER_BYTES,
  limitBeforeLogin,
  MAX_BYTES_BEFORE_LOGIN,
  MAX_DEFAULT_BYTES,
  type UpstreamName,
  upstream,
  upstreamLimit,
} from '@securechat/protocol';
import { type Chat, makeChat, type Person, type RawClient, ROOT } from '@securechat/testkit';
import { type Attacker, frameOf, pingOf, reactionTo, type Stage } from './support/attacker.ts';
import type { BadInput } from './support/bad-input.ts';
import { pick, seededRandom } from './support/random.ts';
import { useSiege } from './support/siege.ts';

const siege = useSiege();
const { test } = siege;

/** Each has a conversation of her own with Bob, and a message in it that is stored already. */
type Sender = { attacker: Attacker; chat: Chat; frame: Uint8Array; convSeq: number };

const SENDERS = 8;
const senders: Sender[] = [];

beforeAll(async () => {
  const bob = await siege.victim('bob');
  for (let n = 0; n < SENDERS; n++) senders.push(await senderTo(bob, n % 2 === 0 ? 'websocket' : 'tcp'));
}, 60_000);

async function senderTo(bob: Person, transport: 'websocket' | 'tcp'): Promise<Sender> {
  const attacker = await siege.attacker('eve', { transport });
  const conversationId = await siege.converse(attacker, bob);
  const source = { from: attacker.person, device: attacker.device, to: bob.id, conversationId, clientSeq: 1 };
  const chat = makeChat({ ...source, payload: 'canary' });
  siege.keepSecret(chat.nonce, chat.signature);
  const client = await attacker.newSession();
  client.send('chat', chat);
  const { conv_seq: convSeq } = await client.next('ack');
  return { attacker, chat, frame: encodeUpstream('chat', chat), convSeq };
}

const overWebSocket = (): Sender[] => senders.filter((_, n) => n % 2 === 0);
const overTcp = (): Sender[] => senders.filter((_, n) => n % 2 === 1);

/** Runs `work` for every item, each sender taking the next one when it is done with one. */
async function share<T>(
  items: readonly T[],
  among: readonly Sender[],
  work: (sender: Sender, item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  await Promise.all(
    among.map(async (sender) => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(sender, item);
    }),
  );
}

const upTo = (end: number): number[] => Array.from({ length: end - 1 }, (_, n) => n + 1);

describe('a frame cut short', () => {
  test('ends a WebSocket connection, at whatever length', async () => {
    const before = await siege.database.fingerprint();
    const lengths = upTo(Math.max(...overWebSocket().map(({ frame }) => frame.length)));
    const wrong: unknown[] = [];
    await share(lengths, overWebSocket(), async ({ attacker, frame }, length) => {
      const client = await attacker.newSession();
      client.sendFrame(frame.subarray(0, Math.min(length, frame.length - 1)));
      const { error_code } = await client.next('error');
      const { code } = await client.end();
      if (error_code !== 'INVALID_MESSAGE_FORMAT' || code !== 4502) wrong.push({ length, error_code, code });
    });
    expect(wrong).toEqual([]);
    expect(await siege.database.fingerprint()).toEqual(before);
  });

  test('and then the end of a TCP stream is nothing but an end, at whatever length', async () => {
    const before = await siege.database.fingerprint();
    const lengths = upTo(Math.max(...overTcp().map(({ frame }) => frame.length)));
    const wrong: unknown[] = [];
    await share(lengths, overTcp(), async ({ attacker, frame }, length) => {
      const client = await attacker.newSession();
      client.sendFrame(frame.subarray(0, Math.min(length, frame.length - 1)));
      client.close();
      const { code } = await client.end();
      if (code !== 1006 || client.queue.length > 0) wrong.push({ length, code, queue: client.queue });
    });
    expect(wrong).toEqual([]);
    await siege.database.settled();
    expect(await siege.database.fingerprint()).toEqual(before);
  });
});

/** The message is stored already, so each time that it is understood, it is answered as before. */
async function expectSameAck(client: RawClient, { chat, convSeq }: Sender): Promise<void> {
  const answer = await client.nextOf(['ack', 'error']);
  expect(answer).toMatchObject({ type: 'ack', ref: chat.id, conv_seq: convSeq, dup: true });
}

describe('a TCP stream', () => {
  test('may be cut anywhere: every place in two, and the frame is understood', async () => {
    const before = await siege.database.fingerprint();
    const bySender = new Map<Sender, number[]>();
    const longest = Math.max(...overTcp().map(({ frame }) => frame.length));
    upTo(longest).forEach((cut, n) => {
      const sender = overTcp()[n % overTcp().length]!;
      bySender.set(sender, [...(bySender.get(sender) ?? []), Math.min(cut, sender.frame.length - 1)]);
    });
    const work = [...bySender].map(async ([sender, cuts]) => {
      const client = await sender.attacker.newSession();
      client.sendFrame(sender.frame.subarray(0, cuts[0]));
      for (const [n, cut] of cuts.entries()) {
        // the answer shows that this piece was read, so the next one comes apart from it
        const rest = sender.frame.subarray(cut);
        client.sendFrame(Buffer.concat([rest, sender.frame.subarray(0, cuts[n + 1] ?? 0)]));
        await expectSameAck(client, sender);
      }
    });
    await Promise.all(work);
    expect(await siege.database.fingerprint()).toEqual(before);
  });

  test('may come in pieces of any size, several frames together', async () => {
    const before = await siege.database.fingerprint();
    const random = seededRandom(1);
    await share(upTo(41), overTcp(), async (sender) => {
      const client = await sender.attacker.session();
      const bytes = Buffer.concat([sender.frame, frameOf('ping', JSON.stringify(pingOf())), sender.frame]);
      const cuts = Array.from({ length: 6 }, () => Math.floor(random() * bytes.length)).sort((a, b) => a - b);
      for (const [n, cut] of [0, ...cuts].entries()) {
        client.sendFrame(bytes.subarray(cut, cuts[n] ?? bytes.length));
        await new Promise(setImmediate);
      }
      await client.next('pong');
      for (let n = 0; n < 2; n++) await expectSameAck(client, sender);
    });
    expect(await siege.database.fingerprint()).toEqual(before);
  });
});

describe('frames packed into one write', () => {
  test('are answered each for itself, in order, whatever is between them', async () => {
    const before = await siege.database.fingerprint();
    await share([1, 2, 3, 4, 5, 6, 7, 8], senders, async (sender) => {
      const client = await sender.attacker.newSession();
      const ping = (): Uint8Array => frameOf('ping', JSON.stringify(pingOf()));
      const unknown = Array.from({ length: 60 }, () => frameOf(0x7f01, '{}'));
      client.sendFrame(Buffer.concat([...unknown, ping(), frameOf('ping', '{'), ping(), sender.frame]));
      const names: string[] = [];
      while (names.length < 64) {
        const { message } = await client.nextOfAny();
        names.push(message?.type === 'error' ? message.error_code : String(message?.type));
      }
      const wanted = [...unknown.map(() => 'UNKNOWN_TYPE'), 'pong', 'INVALID_MESSAGE_FORMAT', 'pong', 'ack'];
      expect(names).toEqual(wanted);
    });
    expect(await siege.database.fingerprint()).toEqual(before);
  });

  test('are dealt with up to the one that breaks the stream', async () => {
    const before = await siege.database.fingerprint();
    await share([1, 2, 3, 4, 5, 6, 7, 8], senders, async (sender) => {
      const client = await sender.attacker.newSession();
      const ping = pingOf();
      const bytes = [frameOf('ping', JSON.stringify(ping)), Buffer.alloc(HEADER_BYTES), sender.frame];
      client.sendFrame(Buffer.concat(bytes));
      expect((await client.next('pong')).sequence).toBe(ping.sequence);
      expect((await client.next('error')).error_code).toBe('INVALID_MESSAGE_FORMAT');
      expect((await client.end()).code).toBe(4502);
    });
    expect(await siege.database.fingerprint()).toEqual(before);
  });
});

type Header = { magic?: number; version?: number; length?: number; type?: number };

function header({ magic = 0x53434854, version = 1, length = 0, type = upstream.ping.id }: Header): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt32BE(magic, 0);
  bytes.writeUInt16BE(version, 4);
  bytes.writeUInt32BE(length, 6);
  bytes.writeUInt16BE(type, 10);
  return bytes;
}

const form = { error: 'INVALID_MESSAGE_FORMAT' } as const;
const broken = { ...form, end: 'protocol_violation' } as const;
const version: Pick<BadInput, 'error' | 'end' | 'says'> = {
  error: 'UNSUPPORTED_VERSION',
  end: 'unsupported_version',
  says: { supported_versions: [1] },
};
const unknown = { error: 'UNKNOWN_TYPE' } as const;
const ping = (): string => JSON.stringify(pingOf());

/** A header that announces more than the type may have, and not a byte behind it. */
function tooLong(type: number, length: number, at: Stage = 'session'): BadInput {
  const limit = at === 'session' ? upstreamLimit(type) : limitBeforeLogin(type);
  const where = at === 'session' ? '' : `, at ${at}`;
  return {
    name: `type 0x${type.toString(16)} with ${length} bytes announced${where}: refused by the header alone`,
    at,
    send: () => header({ type, length }),
    error: 'FRAME_TOO_LARGE',
    says: { limit },
    end: 'protocol_violation',
  };
}

function padded(name: UpstreamName, text: string, bytes: number): Uint8Array {
  return frameOf(name, text + ' '.repeat(bytes - Buffer.byteLength(text)));
}

const knownTypes = Object.values(upstream).map(({ id }) => id);
const MAX_LENGTH = 2 ** 32 - 1;

const headers: BadInput[] = [
  ...[0x53434855, 0x54484353, 0x47455420, 0, 0xffffffff].map(
    (magic): BadInput => ({ name: `magic ${magic.toString(16)}`, send: () => header({ magic }), ...broken }),
  ),
  ...[0, 2, 256, 0xffff].map(
    (number): BadInput => ({
      name: `version ${number}`,
      send: () => header({ version: number }),
      ...version,
    }),
  ),
  ...[0, 0x0002, 0x0004, 0x0006, 0x0306, 0x04ff, 0x7f01, 0xffff].map(
    (type): BadInput => ({
      name: `type 0x${type.toString(16)}`,
      send: () => frameOf(type, '{}'),
      ...unknown,
    }),
  ),
  ...knownTypes.map(
    (type): BadInput => ({
      name: `type 0x${type.toString(16)} with nothing behind the header`,
      send: () => header({ type }),
      error: type < 4 ? 'UNEXPECTED_MESSAGE' : form.error,
    }),
  ),
  ...knownTypes.map((type) => tooLong(type, upstreamLimit(type) + 1)),
  ...[0x0301, 0x0005, 0x7f01].map((type) => tooLong(type, MAX_LENGTH)),
  tooLong(0x0301, 2 ** 31),
  tooLong(0x7f01, MAX_DEFAULT_BYTES + 1),
  ...[0x0001, 0x0301, 0x7f01].map((type) => tooLong(type, MAX_BYTES_BEFORE_LOGIN + 1, 'hello')),
  ...[0x0003, 0x0301].map((type) => tooLong(type, MAX_BYTES_BEFORE_LOGIN + 1, 'proof')),
  {
    name: 'a type of nobody, as long as it may be',
    send: () => frameOf(0x7f01, Buffer.alloc(MAX_DEFAULT_BYTES, 0xff)),
    ...unknown,
  },
  {
    name: 'a chat as long as it may be, of blanks',
    send: () => padded('chat', '', upstream.chat.maxUpBytes),
    ...form,
  },
  {
    name: 'a chat as long as it may be, whose signature is not good',
    send: ({ person, device }) => {
      const source = { from: person, device, to: 'bob', conversationId: 'c_canary_0123456789', clientSeq: 1 };
      const chat = makeChat({ ...source, payload: 'canary' }, { unsigned: { client_seq: 2 } });
      return padded('chat', JSON.stringify(chat), upstream.chat.maxUpBytes);
    },
    error: 'INVALID_SIGNATURE',
  },
  {
    name: 'a creation as long as it may be, of garbage',
    send: () => frameOf('group_create', Buffer.alloc(upstream.group_create.maxUpBytes, 0x5b)),
    ...form,
  },
  {
    name: 'a hello as long as it may be, of garbage',
    at: 'hello',
    send: () => frameOf('client_hello', Buffer.alloc(MAX_BYTES_BEFORE_LOGIN, 0x7b)),
    ...broken,
  },
  { name: 'another protocol', send: () => Buffer.from('GET / HTTP/1.1\r\n\r\n'), ...broken },
];

describe.each(['websocket', 'tcp'] as const)('a header over %s:', (transport) => {
  let attacker: Attacker;
  beforeAll(async () => {
    attacker = await siege.attacker('headers', { transport });
  });
  siege.refuses(() => attacker, headers);

  test('the longest ping is answered', async () => {
    const client = await attacker.session();
    client.sendFrame(padded('ping', ping(), upstream.ping.maxUpBytes));
    await client.next('pong');
  });
});

describe('on a WebSocket', () => {
  let attacker: Attacker;
  beforeAll(async () => {
    attacker = await siege.attacker('websocket');
  });
  siege.refuses(
    () => attacker,
    [
      {
        name: 'a frame and half a header behind it: only the frame is answered',
        send: () => Buffer.concat([frameOf(0x7f01, '{}'), header({}).subarray(0, 6)]),
        error: 'UNKNOWN_TYPE',
        thenError: 'INVALID_MESSAGE_FORMAT',
        end: 'protocol_violation',
      },
      {
        name: 'a message of more bytes than its frames may have',
        send: () => Buffer.alloc(600_000),
        end: 1009,
      },
      { name: 'an empty message is nothing', send: () => Buffer.alloc(0) },
      ...[1, 11, 12, 13, 100].map(
        (length): BadInput => ({
          name: `a frame of which ${length} bytes have come`,
          send: () => senders[0]!.frame.subarray(0, length),
          ...broken,
        }),
      ),
    ],
  );

  test('a text message ends the connection', async () => {
    const before = await siege.database.fingerprint();
    for (const text of ['{}', '', 'SCHT']) {
      const client = await attacker.newSession();
      client.transport.writeText(text);
      expect((await client.next('error')).error_code).toBe('INVALID_MESSAGE_FORMAT');
      expect((await client.end()).code).toBe(closeCodes.protocol_violation);
    }
    expect(await siege.database.fingerprint()).toEqual(before);
  });
});

describe('random changes of a good frame', () => {
  const CHANGES = 400;
  const INTERESTING = [0x00, 0x7f, 0x80, 0xff, 0x22, 0x2c, 0x3a, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d];

  /** One to three changes; mostly the header then tells the right length, so that the payload is looked at. */
  function changed(frame: Uint8Array, random: () => number): Buffer {
    let bytes = Buffer.from(frame);
    const changes = 1 + Math.floor(random() * 3);
    const isWhole = random() < 0.75;
    for (let n = 0; n < changes; n++) {
      const first = isWhole ? HEADER_BYTES : 0;
      const at = first + Math.floor(random() * (bytes.length - first));
      const few = 1 + Math.floor(random() * 12);
      switch (Math.floor(random() * 5)) {
        case 0:
          bytes.writeUInt8((bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8)), at);
          break;
        case 1:
          bytes.writeUInt8(pick(INTERESTING, random), at);
          break;
        case 2:
          bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + few)]);
          break;
        case 3:
          bytes = Buffer.concat([bytes.subarray(0, at + few), bytes.subarray(at)]);
          break;
        default: {
          const noise = Buffer.from(Array.from({ length: few }, () => Math.floor(random() * 256)));
          bytes = Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
        }
      }
    }
    if (isWhole) bytes.writeUInt32BE(bytes.length - HEADER_BYTES, 6);
    return bytes;
  }

  test('are refused as a fault of the sender, or change nothing', async () => {
    const before = await siege.database.fingerprint();
    const allowed: ErrorName[] = [
      ...(['INVALID_MESSAGE_FORMAT', 'UNSUPPORTED_VERSION', 'UNKNOWN_TYPE', 'FRAME_TOO_LARGE'] as const),
      ...([
        'TIMESTAMP_OUT_OF_WINDOW',
        'INVALID_SIGNATURE',
        'PERMISSION_DENIED',
        'UNEXPECTED_MESSAGE',
      ] as const),
    ];
    const random = seededRandom(20_261_123);
    const wrong: unknown[] = [];
    const seen = new Map<string, number>();
    await share(upTo(CHANGES + 1), overWebSocket(), async ({ attacker, chat, frame, convSeq }, n) => {
      const bytes = changed(frame, random);
      const { frames, end } = await reactionTo(await attacker.session(), bytes);
      const answers = frames.map(({ message }) =>
        message?.type === 'error'
          ? message.error_code
          : message?.type === 'ack' && message.dup && message.ref === chat.id && message.conv_seq === convSeq
            ? 'the same ack'
            : `a ${message?.type}`,
      );
      for (const answer of answers) seen.set(answer, (seen.get(answer) ?? 0) + 1);
      const isAllowed = answers.every(
        (answer) => answer === 'the same ack' || (allowed as string[]).includes(answer),
      );
      const endings = [undefined, closeCodes.protocol_violation, closeCodes.unsupported_version];
      if (answers.length === 0 || !isAllowed || !endings.includes(end as 4502)) {
        wrong.push({ n, answers, end, bytes: bytes.toString('hex') });
      }
    });
    expect(wrong).toEqual([]);
    // the changes reached every door that they could
    expect([...seen.keys()]).toEqual(expect.arrayContaining(['INVALID_MESSAGE_FORMAT', 'INVALID_SIGNATURE']));
    await siege.database.settled();
    expect(await siege.database.fingerprint()).toEqual(before);
  });
});

type Vector = { name: string; direction: 'up' | 'down'; frame: string; error: ErrorName };
const VECTORS = join(ROOT, 'packages/protocol/vectors');
const stageOf: Partial<Record<string, Stage>> = { client_hello: 'hello', client_auth: 'proof' };

describe('the published invalid frames of', () => {
  const types = readdirSync(VECTORS).filter((file) => Object.hasOwn(upstream, file.replace(/\.json$/, '')));
  let attackers: Attacker[] = [];
  beforeAll(async () => {
    attackers = [];
    for (let n = 0; n < 4; n++)
      attackers.push(await siege.attacker('vectors', { transport: n % 2 === 0 ? 'websocket' : 'tcp' }));
  });

  for (const file of types) {
    const { type, invalid } = JSON.parse(readFileSync(join(VECTORS, file), 'utf8')) as {
      type: string;
      invalid: Vector[];
    };
    const inputs = invalid
      .filter(({ direction }) => direction === 'up')
      .map(({ name, frame, error }): BadInput => {
        const at = stageOf[type] ?? 'session';
        const isFatal = at !== 'session' || error === 'FRAME_TOO_LARGE';
        const end = isFatal ? ('protocol_violation' as const) : undefined;
        return { name, at, error, end, send: () => Buffer.from(frame, 'hex') };
      });
    siege.refusesAll(`${type} get the error that is published`, () => attackers, inputs);
  }

  test('and the valid ones are refused to whoever is not their sender', async () => {
    for (const type of ['chat', 'group_create']) {
      const { valid } = JSON.parse(readFileSync(join(VECTORS, `${type}.json`), 'utf8')) as {
        valid: Vector[];
      };
      for (const { name, frame } of valid.filter(({ direction }) => direction === 'up')) {
        const input = {
          name,
          error: 'PERMISSION_DENIED',
          says: { code: errors.PERMISSION_DENIED.code },
        } as const;
        await siege.check(attackers[0]!, { ...input, send: () => Buffer.from(frame, 'hex') });
      }
    }
  });
});

siege.endsWell();

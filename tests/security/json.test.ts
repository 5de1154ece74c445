import { beforeAll, describe, expect } from '@jest/globals';
import { createChallenge } from '@securechat/crypto/challenge';
import {
  MAX_JSON_DEPTH,
  MAX_METADATA_ENTRIES,
  MAX_OBJECT_KEYS,
  type UpstreamName,
} from '@securechat/protocol';
import { makeChat, makeGroupCreate, newMessageId, type Person, type Tampering } from '@securechat/testkit';
import { type Attacker, expectPong, frameOf, pingOf } from './support/attacker.ts';
import type { BadInput } from './support/bad-input.ts';
import { useSiege } from './support/siege.ts';

const siege = useSiege();
const { test } = siege;

let attackers: Attacker[] = [];
let bob: Person;
const eve = (): Attacker => attackers[0]!;
beforeAll(async () => {
  bob = await siege.victim('bob');
  attackers = [];
  for (const transport of ['websocket', 'tcp', 'websocket'] as const) {
    attackers.push(await siege.attacker('eve', { transport }));
  }
});

const CONVERSATION = 'c_canary_0123456789ab';
const form = { error: 'INVALID_MESSAGE_FORMAT' } as const;

/** A good message of each type that a session may send, as text. */
const good: Partial<Record<UpstreamName, (by: Attacker) => string>> = {
  ping: () => JSON.stringify(pingOf()),
  resume: () => '{"type":"resume","cursor":0}',
  sync: () => '{"type":"sync","from":0}',
  ack: () => '{"type":"ack","through":1}',
  receipt: () => `{"type":"receipt","conversation_id":"${CONVERSATION}","read_through":1}`,
  device_list: ({ person }) => `{"type":"device_list","id":"canary_question","user_id":"${person.id}"}`,
  chat: (by) => JSON.stringify(chatOf(by)),
  group_create: (by) => JSON.stringify(creationOf(by)),
};
const names = Object.keys(good) as UpstreamName[];
const textOf = (name: UpstreamName, by: Attacker): string => good[name]?.(by) ?? '';

function chatOf({ person, device }: Attacker, tampering?: Parameters<typeof makeChat>[1]) {
  const source = { from: person, device, to: bob.id, conversationId: CONVERSATION, clientSeq: 1 };
  return makeChat({ ...source, payload: 'canary' }, tampering);
}

function creationOf({ person, device }: Attacker, tampering?: Parameters<typeof makeGroupCreate>[1]) {
  return makeGroupCreate({ creator: person, device, peer: bob, welcome: 'canary' }, tampering);
}

/** A good message with one more member. */
const plus = (name: UpstreamName, member: string, by: Attacker): string =>
  `${textOf(name, by).slice(0, -1)},${member}}`;

/** The value of a member, in the text of a good message, replaced by any text. */
function withValue(text: string, member: string, value: string): string {
  const changed = text.replace(
    new RegExp(`("${member}":)(?:"[^"]*"|\\d+|true|false)`),
    (_, key) => key + value,
  );
  if (changed === text) throw new Error(`there is no ${member} in ${text}`);
  return changed;
}

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const members = (count: number): string =>
  Array.from({ length: count }, (_, n) => `"canary${n}":0`).join(',');

/** Members that make any document unacceptable, also where unknown ones are otherwise ignored. */
const badMembers: [name: string, member: string][] = [
  ['a level too deep', `"canary":${nested(MAX_JSON_DEPTH)}`],
  ['thousands of levels', `"canary":${nested(5_000)}`],
  ['brackets that are never closed', `"canary":${'['.repeat(5_000)}`],
  ['too many members', members(MAX_OBJECT_KEYS + 1)],
  ['too many members one level down', `"canary":{${members(MAX_OBJECT_KEYS + 1)}}`],
  ['type once more', '"type":"ping"'],
  ['an unknown member twice', '"canary":1,"canary":1'],
  ['a member twice, deep in a list', '"canary":[[{"a":1,"b":[],"a":2}]]'],
  ['__proto__', '"__proto__":{"encrypted":true}'],
  ['__proto__ as a list', '"__proto__":[]'],
  ['__proto__ with a prototype of its own', '"canary":{"__proto__":{"__proto__":null}}'],
  ['constructor', '"constructor":{"prototype":{"isAdmin":true}}'],
  ['prototype, in a list', '"canary":[1,{"prototype":{}}]'],
  ['__proto__ with an escape', '"__pro\\u0074o__":{}'],
  ['a name with an escape', '"can\\u0061ry":1'],
  ['a name that is only an escape', '"\\u0000":1'],
  ['a name of 65 characters', `"${'k'.repeat(65)}":1`],
  ['a high surrogate alone', '"canary":"\\ud83d"'],
  ['a low surrogate alone', '"canary":"\\ude00"'],
  ['surrogates in the wrong order', '"canary":"\\ude00\\ud83d"'],
  ['a surrogate alone, deep in a list', '"canary":[[["\\uDBFF!"]]]'],
  ['1.0', '"canary":1.0'],
  ['1e3', '"canary":1e3'],
  ['-0', '"canary":-0'],
  ['a fraction that is lost in rounding', '"canary":4503599627370497.5'],
  ['a leading zero', '"canary":007'],
  ['hexadecimal', '"canary":0x10'],
  ['NaN', '"canary":NaN'],
  ['Infinity', '"canary":-Infinity'],
  ['an escape that JSON lacks', '"canary":"\\x41"'],
  ['a line break within a string', '"canary":"\n"'],
  ['a zero byte within a string', '"canary":"\0"'],
  ['a string that does not end', '"canary":"'],
  ['a string whose end is escaped', '"canary":"\\"'],
  ['a comma too many', '"canary":1,'],
  ['a comment', '"canary":/* */1'],
];

const badBytes: [name: string, bytes: number[]][] = [
  ['a byte that never occurs', [0xff]],
  ['a continuation alone', [0x80]],
  ['an overlong slash', [0xc0, 0xaf]],
  ['an overlong zero', [0xe0, 0x80, 0x80]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['a pair of surrogates (CESU-8)', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]],
  ['a character above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['a character without its end', [0xf0, 0x9f, 0x98]],
];

/** Texts that are no object, or more than one. */
const badDocuments: [name: string, change: (text: string) => string | Uint8Array][] = [
  ['no bytes', () => ''],
  ['blanks', () => ' \n\t '],
  ['a list around it', (text) => `[${text}]`],
  ['a string of it', (text) => JSON.stringify(text)],
  ['null', () => 'null'],
  ['true', () => 'true'],
  ['a number', () => '17'],
  ['no end', (text) => text.slice(0, -1)],
  ['a second one behind it', (text) => text + text],
  ['a zero byte behind it', (text) => `${text}\0`],
  ['a brace behind it', (text) => `${text}}`],
  ['a byte order mark', (text) => `\ufeff${text}`],
  ['UTF-16', (text) => Buffer.from(text, 'utf16le')],
  ['no JSON but Latin', () => 'Gallia est omnis divisa in partes tres'],
];

function bytesWith(by: Attacker, name: UpstreamName, bytes: number[]): Uint8Array {
  const text = plus(name, '"canary":"X"', by);
  const at = text.lastIndexOf('X');
  return Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from(bytes), Buffer.from(text.slice(at + 1))]);
}

describe('a document that two readers could understand differently is refused', () => {
  for (const name of ['ping', 'chat', 'resume', 'group_create'] as const) {
    const inputs = [
      ...badMembers.map(([what, member]) => ({ what, send: (by: Attacker) => plus(name, member, by) })),
      ...badDocuments.map(([what, change]) => ({ what, send: (by: Attacker) => change(textOf(name, by)) })),
      ...badBytes.map(([what, bytes]) => ({ what, send: (by: Attacker) => bytesWith(by, name, bytes) })),
    ].map(({ what, send }): BadInput => ({ name: what, send: (by) => frameOf(name, send(by)), ...form }));
    siege.refusesAll(`as ${name}`, () => attackers, inputs);
  }

  siege.refusesAll(
    'as client_hello, which ends the connection',
    () => attackers,
    [...badMembers, ['a member of the wrong type', '"capabilities":{}'] as [string, string]]
      .filter(([, member]) => member.length < 1_000)
      .map(
        ([name, member]): BadInput => ({
          name,
          at: 'hello',
          send: ({ person, device }) => {
            const facts = { user_id: person.id, device_id: device.id, public_key: device.publicKey };
            const hello = { type: 'client_hello', version: '1.0', ...facts, challenge: createChallenge() };
            const more = member.includes('capabilities') ? {} : { capabilities: [] };
            return frameOf(
              'client_hello',
              `${JSON.stringify({ ...hello, ...more }).slice(0, -1)},${member}}`,
            );
          },
          ...form,
          end: 'protocol_violation',
        }),
      ),
  );
});

describe('a number that is not a whole one in its range is refused', () => {
  const values = [
    ...['-1', '-0', '1.5', '1.0', '1e3', '1E+2', '1e400', '-1e400', '9007199254740992', '9007199254740993'],
    ...['18446744073709551616', '9'.repeat(400), '01', '+1', '.5', '5.', '0b1', 'NaN', '"1"', 'null', 'true'],
    ...['[1]', '{}', '{"valueOf":1}', '""'],
  ];
  const fields: [UpstreamName, string][] = [
    ...(['client_seq', 'epoch', 'timestamp'] as const).map((field): [UpstreamName, string] => [
      'chat',
      field,
    ]),
    ...(['generation', 'epoch', 'timestamp'] as const).map((field): [UpstreamName, string] => [
      'group_create',
      field,
    ]),
    ['ping', 'sequence'],
    ['ack', 'through'],
    ['resume', 'cursor'],
    ['sync', 'from'],
    ['receipt', 'read_through'],
  ];
  for (const [name, field] of fields) {
    const inputs = values.map(
      (value): BadInput => ({
        name: value,
        send: (by) => frameOf(name, withValue(textOf(name, by), field, value)),
        ...form,
      }),
    );
    siege.refusesAll(`${field} of ${name}`, () => attackers, inputs);
  }
});

describe('an envelope is closed:', () => {
  const more: [name: string, member: string][] = [
    ['an unknown member', '"canary":1'],
    ['an unknown object', '"canary":{"canary":[]}'],
    ['a stamp of delivery', '"delivery":{"seq":1,"conv_seq":1,"server_ts_ms":1}'],
    ['the number of a sequence', '"sequence":1'],
    ['a place in the conversation', '"conv_seq":1'],
    ['the time of the server', '"server_ts_ms":1'],
    ['whose session it is', '"session_id":"session_canary"'],
    ['the name of a member in capitals', '"From":"bob"'],
    ['the name of a member with a blank', '"from ":"bob"'],
    ['a reference', '"ref":"canary"'],
  ];
  for (const name of ['chat', 'group_create'] as const) {
    siege.refuses(
      eve,
      more.map(([what, member]) => ({
        name: `${name} with ${what}`,
        send: (by) => frameOf(name, plus(name, member, by)),
        ...form,
      })),
    );
  }

  const metadata: [name: string, value: unknown][] = [
    ['an object', { canary: {} }],
    ['a list', { canary: [1] }],
    ['null', { canary: null }],
    ['a fraction', { canary: 0.5 }],
    ['a negative number', { canary: -1 }],
    ['a long text', { canary: 'x'.repeat(257) }],
    [
      'too many entries',
      Object.fromEntries(Array.from({ length: MAX_METADATA_ENTRIES + 1 }, (_, n) => [`canary${n}`, 1])),
    ],
    ['a wrong reply_to', { reply_to: 'a b' }],
    ['a wrong expires_at', { expires_at: '1' }],
  ];
  siege.refuses(
    eve,
    metadata.map(([what, value]) => ({
      name: `metadata with ${what}`,
      send: (by) => frameOf('chat', JSON.stringify({ ...chatOf(by), metadata: value })),
      ...form,
    })),
  );
  siege.refuses(eve, [
    {
      name: 'metadata that is a list',
      send: (by) => frameOf('chat', plus('chat', '"metadata":[]', by)),
      ...form,
    },
    {
      name: 'metadata with a member twice',
      send: (by) => frameOf('chat', plus('chat', '"metadata":{"thread_id":"a","thread_id":"b"}', by)),
      ...form,
    },
  ]);
});

describe('a control message is open: what it does not know', () => {
  const ignored = [
    '"canary":1',
    `"canary":${nested(MAX_JSON_DEPTH - 1)}`,
    members(50),
    '"canary":{"canary":null},"delivery":{"seq":9}',
    '"canary":"\\ud83d\\ude00"',
    '"canary":1.5,"canary2":-1.5e-3,"canary3":-7',
    '"user_id":"bob","device":1,"gateway":"gateway-1"',
  ];

  test('is ignored, and the rest is done', async () => {
    const before = await siege.database.fingerprint();
    for (const member of ignored) {
      const client = await eve().newSession();
      const { sequence, ...ping } = pingOf();
      const text = JSON.stringify({ ...ping, sequence });
      client.sendFrame(frameOf('ping', `${text.slice(0, -1)},${member.replace('"user_id":"bob",', '')}}`));
      expect(await client.next('pong')).toMatchObject({ sequence });
      client.sendFrame(frameOf('resume', plus('resume', member, eve())));
      await client.next('sync_page');
      for (const name of ['ack', 'sync', 'receipt'] as const)
        client.sendFrame(frameOf(name, plus(name, member, eve())));
      const question = plus('device_list', member.replace('"user_id":"bob",', ''), eve());
      client.sendFrame(frameOf('device_list', question));
      expect(await client.next('device_list')).toMatchObject({ user_id: eve().person.id });
      await expectPong(client);
      expect(client.queue.filter(({ name }) => name === 'error')).toEqual([]);
    }
    await siege.database.settled();
    expect(await siege.database.fingerprint()).toEqual(before);
  });
});

describe('header and JSON name the same type:', () => {
  const pairs = names.flatMap((header) =>
    names.filter((name) => name !== header).map((name) => [header, name] as const),
  );
  siege.refusesAll(
    'no type passes for another one',
    () => attackers,
    pairs.map(
      ([header, name]): BadInput => ({
        name: `${name} under the number of ${header}`,
        send: (by) => frameOf(header, textOf(name, by)),
        ...form,
      }),
    ),
  );
  const types = ['null', '1', '[]', '["ping"]', '{}', '"Ping"', '"ping "', '"pong"', '""', '"\\u0070ong"'];
  siege.refusesAll(
    'nor is it anything but its name',
    () => attackers,
    types.map(
      (type): BadInput => ({
        name: type,
        send: (by) => frameOf('ping', textOf('ping', by).replace('"ping"', type)),
        ...form,
      }),
    ),
  );
});

describe('what is signed and still cannot be taken', () => {
  const tamperings: [name: string, tampering: Tampering<ReturnType<typeof makeChat>>][] = [
    ['an id with a colon', { signed: { id: `canary:${newMessageId()}` } }],
    ['an id of 65 characters', { signed: { id: 'canary'.padEnd(65, 'x') } }],
    ['an id with a line break', { signed: { id: 'canary\n' } }],
    ['a receiver with a blank', { signed: { to: 'canary bob' } }],
    ['a conversation without its prefix', { signed: { conversation_id: 'canary_0123456789abcdef' } }],
    ['a short nonce', { signed: { nonce: 'AAAA' } }],
    ['a client_seq of 0', { signed: { client_seq: 0 } }],
    ['a letter that only looks like one', { signed: { to: 'саnаrу' } }],
  ];
  siege.refuses(
    eve,
    tamperings.map(([name, tampering]) => ({
      name,
      send: (by) => frameOf('chat', JSON.stringify(chatOf(by, tampering))),
      ...form,
    })),
  );
});

siege.endsWell();

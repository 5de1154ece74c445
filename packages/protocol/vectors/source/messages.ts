import { documentFaults, type Fault, memberFault, rareDocumentFaults, textFault } from './faults.ts';
import { fieldFaults } from './field-faults.ts';
import { toHex } from './keys.ts';
import {
  type DownstreamName,
  downstream,
  downstreamNames,
  encodeFrame,
  HEADER_BYTES,
  type MessageDefinition,
  type UpstreamName,
  upstream,
  upstreamNames,
  writeHeader,
} from './protocol.ts';
import { downstreamSamples, upstreamSamples } from './samples.ts';

type Direction = 'up' | 'down';
type Message = Record<string, unknown>;
type ValidVector = { name: string; direction: Direction; frame: string; message: unknown };
type InvalidVector = { name: string; direction: Direction; frame: string; error: string; at: string };

const utf8 = new TextEncoder();

/** `<type>.json` for every type of the catalogue. */
export function messageVectors(): Record<string, unknown> {
  const names = [...new Set<UpstreamName | DownstreamName>([...upstreamNames, ...downstreamNames])];
  return Object.fromEntries(names.map((name) => [name, vectorsOf(name)]));
}

function vectorsOf(name: UpstreamName | DownstreamName): unknown {
  const up = upstreamNames.find((known) => known === name);
  const down = downstreamNames.find((known) => known === name);
  const valid: ValidVector[] = [];
  const invalid: InvalidVector[] = [];
  const kindsSeen = new Set<string>();
  if (up) add(upstream[up], 'up', upstreamSamples[up]);
  if (down) add(downstream[down], 'down', downstreamSamples[down]);
  return { type: name, id: (up ? upstream[up] : downstream[name as DownstreamName]).id, valid, invalid };

  function add(
    definition: MessageDefinition,
    direction: Direction,
    samples: readonly (readonly [string, Message])[],
  ): void {
    const texts = samples.map(([title, message]) => [title, JSON.stringify(message)] as const);
    const [first] = samples;
    if (!first) throw new Error(`${name} has no sample`);
    for (const [title, text] of [...texts, ...otherSpellings(definition, direction, first[1])]) {
      const frame = toHex(encodeFrame(definition.id, utf8.encode(text)));
      valid.push({ name: title, direction, frame, message: JSON.parse(text) });
    }
    for (const { name: title, at, error, payload } of faultsOf(definition, direction, first[1], kindsSeen)) {
      invalid.push({ name: title, direction, frame: toHex(encodeFrame(definition.id, payload)), error, at });
    }
    invalid.push(overTheCap(definition, direction));
  }
}

/** One message can be written in several ways: all of these are equivalent. */
function otherSpellings(
  definition: MessageDefinition,
  direction: Direction,
  message: Message,
): [string, string][] {
  const text = JSON.stringify(message);
  const spellings: [string, string][] = [
    ['with white space, members in reverse', ` ${JSON.stringify(reversed(message), null, '\t')}\r\n`],
  ];
  const schema = (direction === 'up' ? definition.up : definition.down) as { additionalProperties?: unknown };
  const isClosed = schema.additionalProperties === false;
  if (!isClosed) {
    const unknown = `"x_later":{"a":[-1,0.5,null,"\\u00e9 \\ud83d\\ude00 \\" \\\\"]}`;
    spellings.push(['with a member of a later version, to be ignored', `${text.slice(0, -1)},${unknown}}`]);
    spellings.push(['with 16 levels', `${text.slice(0, -1)},"x_later":${'['.repeat(15)}${']'.repeat(15)}}`]);
  }
  return spellings;
}

function reversed(message: Message): Message {
  return Object.fromEntries(Object.entries(message).reverse());
}

function faultsOf(
  definition: MessageDefinition,
  direction: Direction,
  message: Message,
  kindsSeen: Set<string>,
): Fault[] {
  const schema = direction === 'up' ? definition.up : definition.down;
  return [
    ...documentFaults(message),
    ...(definition.name === 'ping' || definition.name === 'pong' ? rareDocumentFaults(message) : []),
    memberFault(message, 'the name of another type', '/type', definition.name === 'ping' ? 'pong' : 'ping'),
    ...fieldFaults(schema as Parameters<typeof fieldFaults>[0], message, kindsSeen),
    ...ownFaults(definition, direction, message),
  ];
}

/** Faults that no rule for single fields covers. */
function ownFaults(definition: MessageDefinition, direction: Direction, message: Message): Fault[] {
  const fault = (name: string, at: string, value: unknown): Fault => memberFault(message, name, at, value);
  const closed = [
    fault('not in the list of members, so not signed', '/admin', true),
    fault('only the server may add this', '/delivery', { seq: 1, conv_seq: 1, server_ts_ms: 1 }),
  ];
  switch (definition.name) {
    case 'client_hello':
      return [
        fault('an upper-case name', '/capabilities/0', 'E2E'),
        fault('33 characters', '/capabilities/0', 'c'.repeat(33)),
        fault(
          '33 of them',
          '/capabilities',
          Array.from({ length: 33 }, (_, index) => `c${index}`),
        ),
        fault('three parts', '/version', '1.0.0'),
        fault('an object', '/version', { major: 1 }),
        fault('1,025 characters', '/resume', 'r'.repeat(1025)),
      ];
    case 'server_hello':
      return [
        fault('a negative number', '/limits/connections', -1),
        fault('a text', '/limits/connections', '5'),
      ];
    case 'session_ready':
      return [fault('more than all of it', '/retry_policy/jitter_factor', 1.5)];
    case 'error':
      return [
        fault('257 characters', '/error_message', 'm'.repeat(257)),
        fault('a name in lower case', '/error_code', 'invalid_signature'),
        textFault(
          'supported_versions: neither name nor number',
          '/supported_versions/0',
          JSON.stringify({ ...message, supported_versions: [null] }),
        ),
      ];
    case 'goaway':
      return [fault('124 characters', '/reason', 'r'.repeat(124))];
    case 'chat':
      return [...(direction === 'up' ? closed : []), ...metadataFaults(message)];
    case 'group_create':
      return [
        ...(direction === 'up' ? closed : []),
        fault('a device without its user', '/added_devices/0', 'dev_1'),
        fault('two colons', '/added_devices/0', 'user_alice_123:dev_1:x'),
        fault('a conversation as a user', '/welcome_to/0', 'c_alice:dev_1'),
      ];
    case 'group_member_add':
    case 'group_member_remove':
    case 'group_leave':
    case 'group_commit':
      return direction === 'up' ? closed : [];
    case 'group_update':
      return [...(direction === 'up' ? closed : []), fault('a role that is none', '/role', 'emperor')];
    case 'sync_page':
      return [
        fault('an item without its stamp', '/items/0/delivery', undefined),
        fault('an item of a type that is not stored', '/items/0/type', 'ping'),
        fault('an item that is no object', '/items/0', 'chat'),
      ];
    default:
      return [];
  }
}

function metadataFaults(message: Message): Fault[] {
  const withMetadata = (name: string, at: string, metadata: unknown): Fault =>
    textFault(`metadata: ${name}`, at, JSON.stringify({ ...message, metadata }));
  return [
    withMetadata('a value that is null', '/metadata/a', { a: null }),
    withMetadata('a value that is an object', '/metadata/a', { a: {} }),
    withMetadata('a value that is a list', '/metadata/a', { a: [1] }),
    withMetadata('a negative number', '/metadata/a', { a: -1 }),
    withMetadata('a fraction', '/metadata/a', { a: 1.5 }),
    withMetadata('2^53', '/metadata/a', { a: 2 ** 53 }),
    withMetadata('a text of 257 characters', '/metadata/a', { a: 'é'.repeat(257) }),
    withMetadata(
      '17 entries',
      '/metadata',
      Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, i])),
    ),
    withMetadata('reply_to that is no id', '/metadata/reply_to', { reply_to: 'a b' }),
    withMetadata('thread_id that is a number', '/metadata/thread_id', { thread_id: 5 }),
    withMetadata('expires_at as text', '/metadata/expires_at', { expires_at: '1699086400' }),
    withMetadata('expires_at after the year 5138', '/metadata/expires_at', { expires_at: 100_000_000_000 }),
    textFault('metadata: an entry twice', 'duplicate key', insertMetadata(message, '{"a":1,"a":1}')),
    textFault('metadata: __proto__', 'key', insertMetadata(message, '{"__proto__":1}')),
    textFault('metadata: half a surrogate pair', 'json', insertMetadata(message, '{"a":"\\udc00"}')),
    textFault('metadata: minus zero', 'number', insertMetadata(message, '{"a":-0}')),
  ];
}

function insertMetadata(message: Message, metadata: string): string {
  return `${JSON.stringify(message).slice(0, -1)},"metadata":${metadata}}`;
}

/** Refused from the header alone: the announced payload is one byte longer than the type allows. */
function overTheCap(definition: MessageDefinition, direction: Direction): InvalidVector {
  const header = new Uint8Array(HEADER_BYTES);
  writeHeader(
    header,
    definition.id,
    (direction === 'up' ? definition.maxUpBytes : definition.maxDownBytes) + 1,
  );
  return {
    name: 'a header that announces one byte too many',
    direction,
    frame: toHex(header),
    error: 'FRAME_TOO_LARGE',
    at: 'length',
  };
}

// An independent decoder of the protocol, written from its documentation. It imports nothing from this package, so
// that it cannot share its mistakes. If a vector and this file disagree, one of them misread the documentation.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';

type Direction = 'up' | 'down';
type Message = { [name: string]: unknown };
type Vectors = {
  type: string;
  id: number;
  valid: { name: string; direction: Direction; frame: string; message: Message }[];
  invalid: { name: string; direction: Direction; frame: string; error: string; at: string }[];
};

const read = (name: string) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

// ---------------------------------------------------------------------------------------------------------
// Frames: magic 4, version 2, length 4, type 2, all big-endian; then the payload.

class Refusal extends Error {
  readonly error: string;
  readonly at: string;
  constructor(error: string, at: string) {
    super(`${error} at ${at}`);
    this.error = error;
    this.at = at;
  }
}

type Split = { frames: { type: number; payload: Uint8Array }[]; rest: number; refusal?: Refusal };

function splitFrames(stream: Uint8Array, direction: Direction, beforeLogin = false): Split {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.length);
  const frames: Split['frames'] = [];
  let at = 0;
  while (stream.length - at >= 12) {
    if (view.getUint32(at) !== 0x53434854) return { frames, rest: 0, refusal: malformed('magic') };
    if (view.getUint16(at + 4) !== 1) {
      return { frames, rest: 0, refusal: new Refusal('UNSUPPORTED_VERSION', 'version') };
    }
    const length = view.getUint32(at + 6);
    const type = view.getUint16(at + 10);
    const cap = types[direction].get(type)?.cap ?? 16 * 1024;
    if (length > (beforeLogin ? Math.min(cap, 4096) : cap)) {
      return { frames, rest: 0, refusal: new Refusal('FRAME_TOO_LARGE', 'length') };
    }
    if (stream.length - at - 12 < length) break;
    frames.push({ type, payload: stream.subarray(at + 12, at + 12 + length) });
    at += 12 + length;
  }
  return { frames, rest: stream.length - at };
}

const malformed = (at: string): Refusal => new Refusal('INVALID_MESSAGE_FORMAT', at);

// ---------------------------------------------------------------------------------------------------------
// JSON: one object in UTF-8, at most 16 levels; names unescaped, unique, at most 64 of at most 64 UTF-16 units.

function parseDocument(payload: Uint8Array): Message {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload);
  } catch {
    throw malformed('utf-8');
  }
  let at = 0;
  const value = parseValue(0);
  skipSpace();
  if (at !== text.length || !isObject(value)) throw malformed('json');
  return value;

  function skipSpace(): void {
    while (' \t\r\n'.includes(text[at] ?? 'end')) at++;
  }
  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  }
  function expectChar(char: string): void {
    skipSpace();
    if (text[at++] !== char) throw malformed('json');
  }
  function parseValue(depth: number): unknown {
    skipSpace();
    if (text[at] === '{') return parseObject(depth + 1);
    if (text[at] === '[') return parseArray(depth + 1);
    if (text[at] === '"') return parseString();
    const word = take(/true|false|null/y);
    if (word) return { true: true, false: false, null: null }[word];
    return parseNumber();
  }
  function parseNumber(): number {
    const literal = take(/-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y);
    if (literal === undefined) throw malformed('json');
    const isPlain = /^(?:0|-?[1-9][0-9]*)$/.test(literal);
    if (!isPlain && Number.isInteger(Number(literal))) throw malformed('number');
    return Number(literal);
  }
  function parseString(): string {
    const literal = take(/"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"/uy);
    if (literal === undefined) throw malformed('json');
    const plain = literal.slice(1, -1).replace(/\\(?:u(....)|(.))/g, (_, hex, char) => {
      if (hex) return String.fromCharCode(Number.parseInt(hex, 16));
      return { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }[char as string] ?? char;
    });
    if (/\p{Surrogate}/u.test(plain)) throw malformed('json');
    return plain;
  }
  function parseName(seen: Map<string, unknown>): string {
    skipSpace();
    const start = at;
    const name = parseString();
    const isEscaped = text.slice(start, at).includes('\\');
    if (isEscaped || name.length > 64) throw malformed('key');
    if (['__proto__', 'constructor', 'prototype'].includes(name)) throw malformed('key');
    if (seen.has(name)) throw malformed('duplicate key');
    if (seen.size === 64) throw malformed('too many keys');
    return name;
  }
  function parseObject(depth: number): Message {
    const members = new Map<string, unknown>();
    parseItems(depth, '{', '}', () => {
      const name = parseName(members);
      expectChar(':');
      members.set(name, parseValue(depth));
    });
    return Object.fromEntries(members);
  }
  function parseArray(depth: number): unknown[] {
    const items: unknown[] = [];
    parseItems(depth, '[', ']', () => items.push(parseValue(depth)));
    return items;
  }
  function parseItems(depth: number, open: string, close: string, item: () => void): void {
    if (depth > 16) throw malformed('depth');
    expectChar(open);
    skipSpace();
    if (text[at] !== close) {
      item();
      for (skipSpace(); text[at] === ','; skipSpace()) {
        at++;
        item();
      }
    }
    expectChar(close);
  }
}

function isObject(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// ---------------------------------------------------------------------------------------------------------
// Members. A rule names the places at fault, all of them: a vector is to have exactly one.

type Rule = (value: unknown, at: string) => string[];
type Members = { [name: string]: Rule };

const when =
  (isGood: (value: unknown) => boolean): Rule =>
  (value, at) =>
    isGood(value) ? [] : [at];
const text = (pattern: RegExp): Rule => when((value) => typeof value === 'string' && pattern.test(value));
const shortText = (characters: number): Rule =>
  when((value) => typeof value === 'string' && [...value].length <= characters);
const whole = (from: number, to = 2 ** 53 - 1): Rule =>
  when((value) => Number.isInteger(value) && (value as number) >= from && (value as number) <= to);
const exactly = (wanted: unknown): Rule => when((value) => value === wanted);
const flag = when((value) => typeof value === 'boolean');
const base64 = (isGoodLength: (bytes: number) => boolean): Rule =>
  when((value) => {
    if (typeof value !== 'string') return false;
    const decoded = Buffer.from(value, 'base64');
    return decoded.toString('base64') === value && isGoodLength(decoded.length);
  });
const bytes = (length: number): Rule => base64((decoded) => decoded === length);
const listOf =
  (item: Rule, from = 0, to = Number.POSITIVE_INFINITY): Rule =>
  (value, at) => {
    if (!Array.isArray(value) || value.length < from || value.length > to) return [at];
    return value.flatMap((entry, index) => item(entry, `${at}/${index}`));
  };
/** Names that end in `?` may be absent. Unlisted ones are ignored, or follow the rule `others`. */
const object =
  (members: Members, others?: Rule, most = Number.POSITIVE_INFINITY): Rule =>
  (value, at) => {
    if (!isObject(value) || Object.keys(value).length > most) return [at];
    const rules = new Map(Object.entries(members).map(([name, rule]) => [name.replace('?', ''), rule]));
    const missing = Object.keys(members).filter((name) => !name.endsWith('?') && !Object.hasOwn(value, name));
    const wrong = Object.entries(value).flatMap(([name, member]) =>
      (rules.get(name) ?? others ?? (() => []))(member, `${at}/${name}`),
    );
    return [...missing.map((name) => `${at}/${name}`), ...wrong];
  };
const nothingElse: Rule = (_, at) => [at];

const id = text(/^[A-Za-z0-9_-]{1,64}$/);
const userId = text(/^(?!c_)[A-Za-z0-9_-]{1,64}$/);
const conversationId = text(/^c_[A-Za-z0-9_-]{16,62}$/);
const deviceAddress = text(/^(?!c_)[A-Za-z0-9_-]{1,64}:[A-Za-z0-9_-]{1,64}$/);
const count = whole(0);
const sequence = whole(1);
const seconds = whole(0, 99_999_999_999);
const milliseconds = whole(0, 99_999_999_999_999);
const capabilities = listOf(text(/^[a-z0-9_]{1,32}$/), 0, 32);

const metadataValue: Rule = (value, at) => {
  if (typeof value === 'string') return shortText(256)(value, at);
  return typeof value === 'boolean' ? [] : count(value, at);
};
const chat: Members = {
  type: exactly('chat'),
  id,
  from: userId,
  to: id,
  device_id: id,
  conversation_id: conversationId,
  epoch: count,
  'generation?': count,
  client_seq: sequence,
  timestamp: seconds,
  encrypted: flag,
  nonce: bytes(16),
  payload: base64((length) => length <= 48 * 1024),
  signature: bytes(64),
  'metadata?': object({ 'reply_to?': id, 'thread_id?': id, 'expires_at?': seconds }, metadataValue, 16),
};
const oneOf = (...wanted: string[]): Rule => when((value) => wanted.includes(value as string));
const operation: Members = {
  id,
  conversation_id: conversationId,
  generation: count,
  epoch: count,
  from: userId,
  device_id: id,
  timestamp: seconds,
  nonce: bytes(16),
  signature: bytes(64),
};
const material = base64((length) => length <= 192 * 1024);
const encryptedName = base64((length) => length <= 4 * 1024);
const users = listOf(userId, 1, 100);
const addresses = (from: number): Rule => listOf(deviceAddress, from, 1000);
const role = oneOf('owner', 'admin', 'member');
const groupCreate: Members = {
  type: exactly('group_create'),
  ...operation,
  kind: oneOf('direct', 'group'),
  members: listOf(userId, 1, 1000),
  added_devices: addresses(1),
  welcome: material,
  welcome_to: addresses(0),
  'name?': encryptedName,
  'replaces?': object({ generation: count, epoch: count }, (_, at) => [at]),
  'previous_sha256?': bytes(32),
};
/** The members of each other operation; direction distinguishes the commit and the welcome. */
const operations: { [name: string]: Members } = {
  group_member_add: { targets: users, added_devices: addresses(1), welcome_to: addresses(1) },
  group_member_remove: { targets: users, removed_devices: addresses(0), 'ban?': flag },
  group_leave: { removed_devices: listOf(deviceAddress, 1, 20) },
  group_update: { 'targets?': users, 'role?': role, 'ban?': flag, 'name?': encryptedName },
  group_commit: { added_devices: addresses(0), removed_devices: addresses(0), welcome_to: addresses(0) },
};
const sentMaterial: { [name: string]: Members } = {
  group_member_add: { commit: material, welcome: material },
  group_member_remove: { commit: material },
  group_commit: { commit: material, 'welcome?': material },
};
const deliveredMaterial: Members = {
  'commit?': material,
  'commit_sha256?': bytes(32),
  'welcome?': material,
  'welcome_sha256?': bytes(32),
};
const sentOperation = (name: string): Members => ({
  type: exactly(name),
  ...operation,
  previous_sha256: bytes(32),
  ...operations[name],
  ...sentMaterial[name],
});
const deliveredOperation = (name: string): Members => ({
  type: exactly(name),
  ...operation,
  previous_sha256: bytes(32),
  ...operations[name],
  ...(sentMaterial[name] ? deliveredMaterial : {}),
  delivery,
});
const delivery = object({ seq: sequence, conv_seq: sequence, server_ts_ms: milliseconds });
const watermarks: Members = {
  conversation_id: conversationId,
  user_id: userId,
  delivered_through: count,
  read_through: count,
};
const certificate = object({
  server_id: id,
  public_key: bytes(32),
  not_before: seconds,
  not_after: seconds,
  service_key_id: id,
  signature: bytes(64),
});
const device = object({ device_id: id, public_key: bytes(32), created_at: seconds, signature: bytes(64) });
const truncated: Members = {
  type: exactly('history_truncated'),
  conversation_id: conversationId,
  dropped: sequence,
  delivery,
};
const storedItem: Rule = (value, at) => {
  if (!isObject(value)) return [at];
  if (value.type === 'group_create') return object({ ...groupCreate, delivery })(value, at);
  if (value.type === 'history_truncated') return object(truncated)(value, at);
  if (Object.hasOwn(operations, value.type as string))
    return object(deliveredOperation(value.type as string))(value, at);
  return value.type === 'chat' ? object({ ...chat, delivery })(value, at) : [`${at}/type`];
};

const KIB = 1024;
type Type = { name: string; cap: number; rule: Rule };
const type = (name: string, members: Members, cap = 16 * KIB, others?: Rule): Type => ({
  name,
  cap,
  rule: object({ type: exactly(name), ...members }, others),
});

const keyPackage = base64((length) => length <= 1536);
const logHead = object({
  size: count,
  root: bytes(32),
  created_at: seconds,
  service_key_id: id,
  signature: bytes(64),
});
const keyBundle = object({
  device_id: id,
  key_id: id,
  public_key: bytes(32),
  signature: bytes(64),
  key_package: keyPackage,
  last_resort: flag,
});

const signal = (name: string, toDevice: Members): Members => ({
  type: exactly(name),
  id,
  from: userId,
  to: userId,
  device_id: id,
  conversation_id: conversationId,
  epoch: count,
  generation: count,
  session_id: id,
  timestamp: seconds,
  nonce: bytes(16),
  payload: base64((length) => length <= 8 * 1024),
  signature: bytes(64),
  ...toDevice,
});
const signalType = (name: string): Type => {
  const isAnswer = name === 'p2p_answer' || name === 'p2p_candidate';
  return type(name, signal(name, isAnswer ? { to_device: id } : { 'to_device?': id }), 16 * KIB, nothingElse);
};
const signals = new Map([
  [0x0601, signalType('p2p_offer')],
  [0x0602, signalType('p2p_answer')],
  [0x0603, signalType('p2p_candidate')],
  [0x0604, signalType('p2p_bye')],
]);
const status = oneOf('online', 'away', 'busy', 'offline');
const audience = oneOf('nobody', 'direct', 'conversations');
const precision = oneOf('hidden', 'hour');
const fileSize = whole(0, 100_000_000_000);
const fileForm: Members = {
  file_size: whole(1, 100_000_000_000),
  chunk_size: whole(1, 262_144),
  total_chunks: whole(1, 1_000_000),
};
const chunkIndex = whole(0, 999_999);
const chunk: Members = {
  file_id: id,
  chunk_index: chunkIndex,
  total_chunks: whole(1, 1_000_000),
  encrypted_data: base64((length) => length <= 262_144),
};
const fileState = oneOf('uploading', 'verifying', 'complete', 'gone');
const file = object({
  file_id: id,
  conversation_id: conversationId,
  ...fileForm,
  state: fileState,
  bytes_received: count,
  'missing?': listOf(listOf(chunkIndex, 2, 2), 0, 200),
  'sha256?': bytes(32),
  expires_at: seconds,
});
const progress: Members = {
  file_id: id,
  bytes_received: fileSize,
  total_bytes: fileSize,
  status: oneOf('downloading', 'complete', 'error'),
};
const about: Members = { 'id?': id, file_id: id };

const types: { [D in Direction]: Map<number, Type> } = {
  up: new Map([
    [
      0x0001,
      type(
        'client_hello',
        {
          version: text(/^[0-9]{1,3}\.[0-9]{1,3}$/),
          user_id: userId,
          device_id: id,
          public_key: bytes(32),
          challenge: bytes(32),
          capabilities,
          'encoding?': exactly('json'),
          'resume?': text(/^[A-Za-z0-9_.-]{1,1024}$/),
        },
        4 * KIB,
      ),
    ],
    [0x0003, type('client_auth', { signature: bytes(64) }, 4 * KIB)],
    [0x0005, type('ping', { timestamp: seconds, sequence: count })],
    [0x0101, type('device_list', { id, user_id: userId })],
    [
      0x0102,
      type('key_exchange', {
        id,
        key_type: text(/^(prekey|identity|ephemeral)$/),
        public_key: bytes(32),
        key_id: id,
        signature: bytes(64),
        'key_package?': keyPackage,
        'last_resort?': flag,
      }),
    ],
    [0x0103, type('key_bundle_request', { id, user_id: userId, 'device_id?': id })],
    [0x0105, type('key_count', { id })],
    ...signals,
    [0x0106, type('turn_credentials', { id })],
    [0x0107, type('key_log', { id, from: count })],
    [
      0x0108,
      type('key_log_proof', {
        id,
        size: sequence,
        'list?': object({ user_id: userId, sha256: bytes(32) }),
        'first?': count,
      }),
    ],
    [0x0201, type('presence', { status })],
    [0x0202, type('presence_subscribe', { id, user_ids: listOf(userId, 0, 200) })],
    [0x0203, type('presence_privacy', { id, 'status_to?': audience, 'last_seen?': precision })],
    [0x0204, type('typing', { chat_id: conversationId, typing: flag, expires_at: seconds })],
    [0x0301, type('chat', chat, 64 * KIB, nothingElse)],
    [0x0302, type('ack', { through: sequence })],
    [0x0303, type('receipt', { conversation_id: conversationId, read_through: sequence })],
    [0x0304, type('resume', { cursor: count, 'mailbox_epoch?': count, 'receipts_since_ms?': milliseconds })],
    [0x0305, type('sync', { from: count })],
    [0x0307, type('block', { id, user_id: userId })],
    [0x0308, type('unblock', { id, user_id: userId })],
    [0x0309, type('block_list', { id, 'after?': userId })],
    [0x030b, type('receipt_privacy', { id, 'share_read?': flag })],
    [
      0x030c,
      type('push_subscribe', {
        id,
        'web_push?': object({
          endpoint: text(/^https?:\/\/[!-~]{1,1000}$/),
          p256dh: bytes(65),
          auth: bytes(16),
        }),
        'bridge?': object({ token: text(/^[!-~]{1,1000}$/) }),
      }),
    ],
    [0x030d, type('push_unsubscribe', { id })],
    [0x0401, type('group_create', groupCreate, 256 * KIB, nothingElse)],
    [0x0402, type('group_member_add', sentOperation('group_member_add'), 256 * KIB, nothingElse)],
    [0x0403, type('group_member_remove', sentOperation('group_member_remove'), 256 * KIB, nothingElse)],
    [0x0404, type('group_leave', sentOperation('group_leave'), 16 * KIB, nothingElse)],
    [0x0405, type('group_update', sentOperation('group_update'), 16 * KIB, nothingElse)],
    [0x0406, type('group_commit', sentOperation('group_commit'), 256 * KIB, nothingElse)],
    [0x0407, type('group_info', { id, conversation_id: conversationId, 'after?': userId })],
    [
      0x0501,
      type('file_offer', {
        ...about,
        conversation_id: conversationId,
        ...fileForm,
        'filename?': shortText(1024),
        'mime_type?': shortText(1024),
        'checksum?': shortText(1024),
        'encryption_key?': shortText(1024),
      }),
    ],
    [0x0502, type('file_accept', about)],
    [0x0503, type('file_decline', about)],
    [0x0504, type('file_cancel', about)],
    [0x0505, type('file_chunk', { 'id?': id, ...chunk }, 352 * KIB)],
    [0x0506, type('file_chunk_request', { ...about, chunk_index: chunkIndex })],
    [0x0507, type('file_progress', { 'id?': id, ...progress, 'sha256?': bytes(32) })],
    [0x0508, type('file_status', { 'id?': id, 'file_id?': id, 'after?': id })],
  ]),
  down: new Map([
    [
      0x0002,
      type('server_hello', {
        version: text(/^/),
        server_id: id,
        server_key: bytes(32),
        server_cert: certificate,
        server_challenge: bytes(32),
        challenge_response: bytes(64),
        session_id: id,
        timestamp: seconds,
        capabilities,
        encoding: exactly('json'),
        limits: object({}, count),
        'handovers?': listOf(
          object({ service_key: bytes(32), previous_key: bytes(32), signature: bytes(64) }),
          0,
          2,
        ),
      }),
    ],
    [
      0x0004,
      type('session_ready', {
        session_id: id,
        resume_ticket: text(/^/),
        resume_expires_at: seconds,
        heartbeat_interval_ms: count,
        retry_policy: object({
          type: exactly('retry_policy'),
          max_retries: count,
          backoff_multiplier: when((value) => typeof value === 'number' && value >= 1),
          initial_delay_ms: count,
          max_delay_ms: count,
          jitter_factor: when((value) => typeof value === 'number' && value >= 0 && value <= 1),
        }),
      }),
    ],
    [0x0006, type('pong', { timestamp: seconds, sequence: count })],
    [
      0x0007,
      type('error', {
        code: whole(1000, 2999),
        error_code: text(/^[A-Z_]{1,64}$/),
        error_message: shortText(256),
        'reference_id?': id,
        'retry_after_ms?': count,
        'scope?': id,
        'limit?': count,
        'epoch?': count,
        'generation?': count,
        'conv_seq?': sequence,
        'previous_sha256?': bytes(32),
        'removed_devices?': listOf(deviceAddress, 0, 100),
        'expected?': count,
        'capability?': text(/^[a-z0-9_]{1,32}$/),
        'conversation_id?': conversationId,
        'supported_versions?': listOf((value, at) => (typeof value === 'string' ? [] : count(value, at))),
      }),
    ],
    [
      0x0008,
      type('goaway', { code: whole(1000, 4999), reason: shortText(123), 'reconnect_after_ms?': count }),
    ],
    [
      0x0101,
      type('device_list', {
        ref: id,
        user_id: userId,
        account_key: bytes(32),
        version: sequence,
        'previous_sha256?': bytes(32),
        created_at: seconds,
        devices: listOf(device, 1, 10),
        signature: bytes(64),
      }),
    ],
    [0x0104, type('key_bundle', { ref: id, user_id: userId, bundles: listOf(keyBundle, 0, 10) }, 32 * KIB)],
    [0x0105, type('key_count', { 'ref?': id, count, last_resort: flag, low_water: count })],
    ...signals,
    [
      0x0106,
      type('turn_credentials', {
        ref: id,
        urls: listOf(shortText(256), 0, 8),
        username: shortText(128),
        password: shortText(128),
        expires_at: seconds,
      }),
    ],
    [
      0x0107,
      type('key_log', { ref: id, head: logHead, entries: base64((length) => length <= 256 * 96) }, 34 * KIB),
    ],
    [
      0x0108,
      type('key_log_proof', { ref: id, 'position?': count, hashes: base64((length) => length <= 106 * 32) }),
    ],
    [0x0201, type('presence', { user_id: userId, status })],
    [
      0x0202,
      type(
        'presence_subscribe',
        { ref: id, states: listOf(object({ user_id: userId, status, 'last_seen?': seconds }), 0, 200) },
        32 * KIB,
      ),
    ],
    [0x0203, type('presence_privacy', { ref: id, status_to: audience, last_seen: precision })],
    [0x0204, type('typing', { chat_id: conversationId, typing: flag, expires_at: seconds, user_id: userId })],
    [0x0301, type('chat', { ...chat, delivery }, 64 * KIB + 256)],
    [
      0x0302,
      type('ack', {
        ref: id,
        status: exactly('stored'),
        conversation_id: conversationId,
        conv_seq: sequence,
        server_ts_ms: milliseconds,
        'dup?': exactly(true),
      }),
    ],
    [0x0303, type('receipt', watermarks)],
    [
      0x0306,
      type(
        'sync_page',
        {
          items: listOf(storedItem),
          through: count,
          more: flag,
          mailbox_epoch: count,
          'receipts?': listOf(object(watermarks)),
        },
        640 * KIB,
      ),
    ],
    [0x0307, type('block', { ref: id, user_id: userId })],
    [0x0308, type('unblock', { ref: id, user_id: userId })],
    [0x0309, type('block_list', { ref: id, user_ids: listOf(userId, 0, 200), more: flag })],
    [0x030a, type('history_truncated', truncated)],
    [0x030b, type('receipt_privacy', { ref: id, share_read: flag })],
    [
      0x030c,
      type('push_subscribe', {
        ref: id,
        subscribed: oneOf('nothing', 'web_push', 'bridge'),
        vapid_public_key: bytes(65),
        has_bridge: flag,
      }),
    ],
    [0x030d, type('push_unsubscribe', { ref: id })],
    [0x0401, type('group_create', { ...groupCreate, delivery }, 256 * KIB + 256)],
    [0x0402, type('group_member_add', deliveredOperation('group_member_add'), 256 * KIB + 256)],
    [0x0403, type('group_member_remove', deliveredOperation('group_member_remove'), 256 * KIB + 256)],
    [0x0404, type('group_leave', deliveredOperation('group_leave'))],
    [0x0405, type('group_update', deliveredOperation('group_update'))],
    [0x0406, type('group_commit', deliveredOperation('group_commit'), 256 * KIB + 256)],
    [
      0x0501,
      type('file_offer', { file_id: id, conversation_id: conversationId, user_id: userId, ...fileForm }),
    ],
    [0x0502, type('file_accept', { file_id: id, user_id: userId })],
    [0x0503, type('file_decline', { file_id: id, user_id: userId })],
    [0x0504, type('file_cancel', { file_id: id })],
    [0x0505, type('file_chunk', { 'ref?': id, ...chunk }, 352 * KIB)],
    [0x0507, type('file_progress', { ...progress, 'user_id?': userId })],
    [
      0x0508,
      type('file_status', {
        'ref?': id,
        'file_id?': id,
        'chunk_index?': chunkIndex,
        'state?': fileState,
        'files?': listOf(file, 0, 20),
        'more?': flag,
        'storage?': object({ used: count, reserved: count, limit: count }),
        'access?': object({
          token: text(/^[A-Za-z0-9_-]{1,256}[.][A-Za-z0-9_-]{1,64}$/),
          expires_at: seconds,
          'url?': shortText(256),
        }),
      }),
    ],
    [
      0x0407,
      type(
        'group_info',
        {
          ref: id,
          conversation_id: conversationId,
          kind: oneOf('direct', 'group'),
          generation: count,
          epoch: count,
          epoch_seq: count,
          conv_seq: count,
          'log_head?': bytes(32),
          commit_required: listOf(deviceAddress, 0, 100),
          'banned?': listOf(userId, 0, 200),
          member_count: count,
          members: listOf(
            object({
              user_id: userId,
              role,
              joined_seq: sequence,
              devices: listOf(id, 0, 20),
              delivered_through: count,
              read_through: count,
            }),
            0,
            100,
          ),
          more: flag,
        },
        128 * KIB,
      ),
    ],
  ]),
};

// ---------------------------------------------------------------------------------------------------------
// Transcripts: u8 length, label; then per field u8 tag, u32 length, value, by ascending tag.

type Kind = 's' | 'n' | 'f' | 'b' | 'l' | 'm'; // string, number, flag, base64, list, map
const handshakeFields =
  '1s version 2s server_id 3b server_key 4s user_id 5s device_id 6b public_key 7b challenge 8b server_challenge ' +
  '9s session_id 10n timestamp 11l client_capabilities 12l server_capabilities 13b server_cert 14s encoding ' +
  '15s resume 16m limits 17s client_version 18s client_encoding';
const contexts: { [context: string]: string } = {
  envelope:
    '1s id 2s type 3s from 4s to 5n timestamp 6f encrypted 7b payload 8m metadata 9n client_seq 10b nonce ' +
    '11s device_id 12s conversation_id 13n epoch 14n generation',
  p2p:
    '1s id 2s type 3s from 4s to 5n timestamp 6s session_id 7b payload 8s to_device 9b nonce 10s device_id ' +
    '11s conversation_id 12n epoch 13n generation',
  'p2p-message':
    '1s session_id 2n sequence 3b encrypted_payload 4s from 5s device_id 6s conversation_id 7n epoch 8n generation',
  'server-auth': handshakeFields,
  'client-auth': handshakeFields,
  'gateway-cert': '1s server_id 2b public_key 3n not_before 4n not_after 5s service_key_id',
  'service-key-handover': '1b service_key 2b previous_key',
  'kt-head': '1n size 2b root 3n created_at 4s service_key_id',
  'resume-ticket':
    '1s user_id 2s device_id 3b public_key 4n user_ref 5n device_ref 6s ticket_id 7n issued_at 8n expires_at ' +
    '9s service_key_id',
  'device-cert': '1s user_id 2b account_key 3s device_id 4b public_key 5n created_at',
  'device-list': '1s user_id 2b account_key 3n version 4b previous_sha256 5n created_at 6l devices',
  'device-enrolment': '1s user_id 2b account_key 3s device_id 4b public_key 5n list_version 6n timestamp',
  'device-link':
    '1s user_id 2s device_id 3s new_device_id 4b new_public_key 5n list_version 6b list_sha256 7n timestamp',
  'key-exchange': '1s user_id 2s device_id 3s key_type 4s key_id 5b public_key 6b key_package_sha256',
  'group-op':
    '1s id 2s conversation_id 3n generation 4n epoch 5s operation 6s from 7s device_id 8l targets 9s role ' +
    '10l added_devices 11l removed_devices 12b previous_sha256 13b welcome_sha256 14b name_sha256 ' +
    '15n timestamp 16b nonce 17s kind 18l welcome_to 19b commit_sha256 20n replaces_generation ' +
    '21n replaces_epoch 22f ban',
};

function transcriptOf(context: string, fields: Message): Buffer {
  const parts = [uint(1, `SecureChat/1 ${context}`.length), Buffer.from(`SecureChat/1 ${context}`)];
  for (const [, tag, kind, name] of (contexts[context] ?? '').matchAll(/(\d+)(\w) (\w+)/g)) {
    const value = fields[name as string];
    if (value !== undefined) parts.push(sized(Number(tag), valueBytes(kind as Kind, value)));
  }
  return Buffer.concat(parts);
}

function uint(size: number, value: number): Buffer {
  return Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex');
}
function sized(tag: number, value: Buffer): Buffer {
  return Buffer.concat([uint(1, tag), uint(4, value.length), value]);
}
function valueBytes(kind: Kind, value: unknown): Buffer {
  switch (kind) {
    case 's':
      if (typeof value !== 'string' || /\p{Surrogate}/u.test(value)) throw new Error('no string');
      return Buffer.from(value, 'utf8');
    case 'n':
      if (!Number.isSafeInteger(value) || (value as number) < 0 || Object.is(value, -0))
        throw new Error('no number');
      return uint(8, value as number);
    case 'f':
      return uint(1, value === true ? 1 : 0);
    case 'b': {
      const decoded = Buffer.from(value as string, 'base64');
      if (decoded.toString('base64') !== value) throw new Error('no base64');
      return decoded;
    }
    case 'l':
      return Buffer.concat((value as unknown[]).map(scalarBytes));
    case 'm': {
      const entries = Object.entries(value as Message).map(([key, entry]) => ({
        key: valueBytes('s', key),
        entry: scalarBytes(entry),
      }));
      entries.sort((a, b) => Buffer.compare(a.key, b.key));
      return Buffer.concat(entries.flatMap(({ key, entry }) => [uint(2, key.length), key, entry]));
    }
  }
}
function scalarBytes(value: unknown): Buffer {
  if (typeof value === 'string') return sized(1, valueBytes('s', value));
  if (typeof value === 'number') return sized(2, valueBytes('n', value));
  if (typeof value === 'boolean') return sized(3, valueBytes('f', value));
  throw new Error('neither string, number nor truth value');
}

function isSignedBy(publicKey: Uint8Array, transcript: Buffer, signature: unknown): boolean {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return verify(null, transcript, key, Buffer.from(signature as string, 'base64'));
}

// ---------------------------------------------------------------------------------------------------------

/** What is wrong with a vector's only frame: nothing, or each place at fault. */
function faultsOf(frame: string, direction: Direction): { error?: string; at: string[]; message?: Message } {
  const { frames, rest, refusal } = splitFrames(bytesOf(frame), direction);
  if (refusal) return { error: refusal.error, at: [refusal.at] };
  const [only] = frames;
  if (!only || frames.length > 1 || rest > 0) throw new Error('a vector has one whole frame');
  const known = types[direction].get(only.type);
  if (!known) return { error: 'UNKNOWN_TYPE', at: ['type'] };
  try {
    const message = parseDocument(only.payload);
    const at = known.rule(message, '');
    return at.length === 0 ? { at, message } : { error: 'INVALID_MESSAGE_FORMAT', at };
  } catch (refused) {
    if (refused instanceof Refusal) return { error: refused.error, at: [refused.at] };
    throw refused;
  }
}

const others = ['frames.json', 'transcripts.json', 'retry.json'];
const files = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.json'));
const messageFiles = files.filter((name) => !others.includes(name));

test('there is a file for every type of the documentation and no other', () => {
  const names = [...types.up.values(), ...types.down.values()].map(({ name }) => `${name}.json`);
  expect(messageFiles.sort()).toEqual([...new Set(names)].sort());
  for (const name of others) expect(existsSync(new URL(name, import.meta.url))).toBe(true);
});

describe.each(messageFiles)('%s', (file) => {
  const vectors: Vectors = read(file);
  const directions = (['up', 'down'] as const).filter((direction) => types[direction].has(vectors.id));

  test('has a valid and three invalid vectors for each direction of the type', () => {
    expect(directions.length).toBeGreaterThan(0);
    for (const direction of directions) {
      const ofDirection = (vector: { direction: Direction }): boolean => vector.direction === direction;
      expect(vectors.valid.filter(ofDirection).length).toBeGreaterThanOrEqual(1);
      expect(vectors.invalid.filter(ofDirection).length).toBeGreaterThanOrEqual(3);
    }
  });

  test('has no two vectors of one name or one frame in a direction', () => {
    const all = [...vectors.valid, ...vectors.invalid];
    for (const direction of directions) {
      const own = all.filter((vector) => vector.direction === direction);
      expect(new Set(own.map((vector) => vector.name)).size).toBe(own.length);
      expect(new Set(own.map((vector) => vector.frame)).size).toBe(own.length);
    }
  });

  test('every valid frame is read as its message', () => {
    for (const { name, direction, frame, message } of vectors.valid) {
      expect({ name, ...faultsOf(frame, direction) }).toEqual({ name, at: [], message });
      expect(types[direction].get(vectors.id)?.name).toBe(vectors.type);
    }
  });

  test('every invalid frame has exactly the one fault it is named for', () => {
    for (const { name, direction, frame, error, at } of vectors.invalid) {
      expect({ name, direction, ...faultsOf(frame, direction) }).toEqual({
        name,
        direction,
        error,
        at: [at],
      });
    }
  });
});

describe('frames.json', () => {
  type Case = {
    name: string;
    direction: Direction;
    before_login?: boolean;
    bytes: string;
    frames: { type: number; payload: string; known: boolean }[];
    rest: number;
    error?: string;
    at?: string;
  };
  test.each(read('frames.json').cases as Case[])('$name', (wanted) => {
    const { frames, rest, refusal } = splitFrames(
      bytesOf(wanted.bytes),
      wanted.direction,
      wanted.before_login,
    );
    const seen = frames.map((frame) => ({
      type: frame.type,
      payload: Buffer.from(frame.payload).toString('hex'),
      known: types[wanted.direction].has(frame.type),
    }));
    expect(seen).toEqual(wanted.frames);
    expect({ rest, error: refusal?.error, at: refusal?.at }).toEqual({
      rest: wanted.rest,
      error: wanted.error,
      at: wanted.at,
    });
  });
});

describe('transcripts.json', () => {
  type Case = {
    name: string;
    context: string;
    fields: Message;
    transcript: string;
    sha256: string;
    signature: string;
  };
  const { public_key, valid, rejected } = read('transcripts.json') as {
    public_key: string;
    valid: Case[];
    rejected: Case[];
  };
  const key = bytesOf(public_key);

  test.each(valid)('$context: $name', ({ context, fields, transcript, sha256, signature }) => {
    const made = transcriptOf(context, fields);
    expect(made.toString('hex')).toBe(transcript);
    expect(createHash('sha256').update(made).digest('hex')).toBe(sha256);
    expect(isSignedBy(key, made, signature)).toBe(true);
  });

  test.each(rejected)('refuses $name', ({ context, fields }) => {
    expect(() => transcriptOf(context, fields)).toThrow();
  });

  test('every context is there, and no two transcripts are the same', () => {
    expect(new Set(valid.map(({ context }) => context))).toEqual(new Set(Object.keys(contexts)));
    expect(new Set(valid.map(({ transcript }) => transcript)).size).toBe(valid.length);
  });

  test('the signatures inside of the messages are genuine', () => {
    const validOf = (file: string): Message[] => (read(file) as Vectors).valid.map(({ message }) => message);
    for (const envelope of validOf('chat.json')) {
      expect(isSignedBy(key, transcriptOf('envelope', envelope), envelope.signature)).toBe(true);
    }
    const operations = ['create', 'member_add', 'member_remove', 'leave', 'update', 'commit'];
    for (const operation of operations.flatMap((name) => validOf(`group_${name}.json`))) {
      const hash = (name: string): unknown =>
        operation[name] === undefined
          ? operation[`${name}_sha256`]
          : createHash('sha256')
              .update(Buffer.from(operation[name] as string, 'base64'))
              .digest('base64');
      const replaces = operation.replaces as Message | undefined;
      const fields = {
        ...operation,
        operation: operation.type,
        targets: operation.members ?? operation.targets,
        welcome_sha256: hash('welcome'),
        commit_sha256: hash('commit'),
        name_sha256: hash('name'),
        replaces_generation: replaces?.generation,
        replaces_epoch: replaces?.epoch,
      };
      expect(isSignedBy(key, transcriptOf('group-op', fields), operation.signature)).toBe(true);
    }
    for (const list of validOf('device_list.json').filter((message) => message.devices)) {
      const devices = list.devices as Message[];
      const entries = devices.map((entry) => `${entry.device_id}:${entry.public_key}`);
      expect(
        isSignedBy(key, transcriptOf('device-list', { ...list, devices: entries }), list.signature),
      ).toBe(true);
      for (const entry of devices) {
        const fields = { ...entry, user_id: list.user_id, account_key: list.account_key };
        expect(isSignedBy(key, transcriptOf('device-cert', fields), entry.signature)).toBe(true);
      }
    }
  });

  test('the handshake of the first hellos verifies on both sides', () => {
    const first = (file: string): Message => (read(file) as Vectors).valid[0]?.message ?? {};
    const client = first('client_hello.json');
    const server = first('server_hello.json');
    const serverCert = server.server_cert as Message;
    const facts = {
      ...client,
      ...server,
      client_capabilities: client.capabilities,
      server_capabilities: server.capabilities,
      server_cert: serverCert.signature,
      client_version: client.version,
      client_encoding: client.encoding,
    };
    const answer = first('client_auth.json');
    expect(isSignedBy(key, transcriptOf('gateway-cert', serverCert), serverCert.signature)).toBe(true);
    expect(isSignedBy(key, transcriptOf('server-auth', facts), server.challenge_response)).toBe(true);
    expect(isSignedBy(key, transcriptOf('client-auth', facts), answer.signature)).toBe(true);
    expect(isSignedBy(key, transcriptOf('client-auth', facts), server.challenge_response)).toBe(false);
  });
});

describe('retry.json', () => {
  type Policy = {
    max_retries: number;
    backoff_multiplier: number;
    initial_delay_ms: number;
    max_delay_ms: number;
    jitter_factor: number;
  };
  const { reconnect, requests, breaker } = read('retry.json');
  const jitter = (ms: number, share: number, random: number): number =>
    ms - ms * share + 2 * ms * share * random;

  test('reconnects wait 1, 2, 4, 8, 16, 30 s, a quarter more or less, or as long as the server says', () => {
    for (const { failures, random, server_hint_ms, delay_ms } of reconnect.cases) {
      const step = [1, 2, 4, 8, 16, 30][Math.min(failures, 6) - 1] ?? 0;
      expect(delay_ms).toBeCloseTo(server_hint_ms ?? jitter(step * 1000, 0.25, random), 6);
    }
  });

  test('requests wait by the policy, capped before the jitter, until they give up', () => {
    for (const { policy, cases } of requests as { policy: Policy; cases: Message[] }[]) {
      for (const { attempt, random, delay_ms } of cases as { [name: string]: number }[]) {
        const { initial_delay_ms, backoff_multiplier, max_delay_ms, jitter_factor, max_retries } = policy;
        let ms = initial_delay_ms;
        for (let step = 1; step < (attempt ?? 0); step++) ms *= backoff_multiplier;
        if ((attempt ?? 0) > max_retries) expect(delay_ms).toBeNull();
        else expect(delay_ms).toBeCloseTo(jitter(Math.min(ms, max_delay_ms), jitter_factor, random ?? 0), 6);
      }
    }
  });

  test('the breaker opens at ten failures and lets one try through after five minutes or a nudge', () => {
    for (const { failures, after_ms, nudged, allows } of breaker) {
      expect(allows).toBe(failures < 10 || nudged || after_ms >= 300_000);
    }
  });
});

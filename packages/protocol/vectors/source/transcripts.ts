import { PUBLIC_KEY, SEED, sha256, sign, toHex } from './keys.ts';
import { encodeBase64, type Signed, type SigningContext, transcript } from './protocol.ts';

const MAX = Number.MAX_SAFE_INTEGER;
const bytes = (length: number, first = 0) => encodeBase64(Uint8Array.from({ length }, (_, i) => first + i));
const conversation = 'c_7Yw2kQz9LmN4pRs6';

const envelope = {
  id: 'msg_1699000000_abc123',
  type: 'chat',
  from: 'user_alice_123',
  to: 'user_bob_456',
  timestamp: 1_699_000_000,
  encrypted: true,
  payload: 'AAECAwQFBgc=',
  client_seq: 1,
  nonce: 'AAAAAAAAAAAAAAAAAAAAAA==',
  device_id: 'dev_1',
  conversation_id: conversation,
  epoch: 0,
};
const seedMetadata = { reply_to: 'msg_id', thread_id: 'thread_id', expires_at: 1_699_086_400 };
const handshake = {
  version: '1.0',
  server_id: 'gateway_1',
  server_key: bytes(32, 1),
  user_id: 'user_alice_123',
  device_id: 'dev_1',
  public_key: bytes(32, 2),
  challenge: bytes(32, 3),
  server_challenge: bytes(32, 4),
  session_id: 'session_abc123',
  timestamp: 1_699_000_000,
  client_capabilities: ['e2e_encryption', 'file_transfer', 'groups'],
  server_capabilities: ['message_relay', 'offline_storage', 'push_notifications'],
  server_cert: bytes(64, 5),
  encoding: 'json',
  limits: { messages_per_minute: 100, connections: 5 },
  client_version: '1.0',
};
const groupOperation = {
  id: 'op_1',
  conversation_id: conversation,
  generation: 0,
  epoch: 0,
  operation: 'group_create',
  from: 'user_alice_123',
  device_id: 'dev_1',
  targets: ['user_alice_123', 'user_bob_456'],
  added_devices: ['user_alice_123:dev_1', 'user_bob_456:dev_1'],
  welcome_sha256: bytes(32, 6),
  timestamp: 1_699_000_000,
  nonce: bytes(16, 7),
  kind: 'direct',
  welcome_to: ['user_bob_456:dev_1'],
};

const signal = {
  id: 'sig_1',
  type: 'p2p_offer',
  from: 'user_alice_123',
  to: 'user_bob_456',
  timestamp: 1_699_000_000,
  session_id: 'p2p_session_abc',
  payload: bytes(48, 70),
  nonce: bytes(16, 60),
  device_id: 'dev_1',
  conversation_id: conversation,
  epoch: 4,
  generation: 0,
};

type Case = { name: string; context: SigningContext; fields: Record<string, unknown> };
const signed = <C extends SigningContext>(context: C, name: string, fields: Signed<C>): Case => ({
  name,
  context,
  fields,
});

const valid: Case[] = [
  signed('p2p', 'to all devices', signal),
  signed('p2p', 'to one device', { ...signal, to_device: 'dev_2' }),
  signed('p2p-message', 'the first of a session', {
    ...{ session_id: 'p2p_session_abc', sequence: 1, encrypted_payload: bytes(48, 80) },
    ...{ from: 'user_alice_123', device_id: 'dev_1', conversation_id: conversation, epoch: 4, generation: 0 },
  }),
  signed('envelope', 'without metadata', envelope),
  signed('envelope', 'empty metadata differs from none', { ...envelope, metadata: {} }),
  signed('envelope', 'the three names of metadata, sorted', { ...envelope, metadata: seedMetadata }),
  signed('envelope', 'every kind of metadata value', {
    ...envelope,
    metadata: { yes: true, no: false, zero: 0, greatest: MAX, text: 'text', nothing: '' },
  }),
  signed(
    'envelope',
    'metadata names by their UTF-8 bytes: U+FF5E before U+1F600, though UTF-16 says otherwise',
    {
      ...envelope,
      metadata: { '\u{1f600}': 1, '\uff5e': 2, é: 3, z: 4, aa: 5, a: 6, '': 7 },
    },
  ),
  signed('envelope', 'names that look like numbers', { ...envelope, metadata: { 10: 1, 9: 2, 1: 3 } }),
  signed('envelope', 'boundary: from ab, to c', { ...envelope, from: 'ab', to: 'c' }),
  signed('envelope', 'boundary: from a, to bc', { ...envelope, from: 'a', to: 'bc' }),
  signed('envelope', 'boundary: metadata a is bc', { ...envelope, metadata: { a: 'bc' } }),
  signed('envelope', 'boundary: metadata ab is c', { ...envelope, metadata: { ab: 'c' } }),
  signed('envelope', 'the text 1', { ...envelope, metadata: { a: '1' } }),
  signed('envelope', 'the number 1', { ...envelope, metadata: { a: 1 } }),
  signed('envelope', 'the truth value true', { ...envelope, metadata: { a: true } }),
  signed('envelope', 'beyond the BMP', { ...envelope, metadata: { text: '😀𝒳' } }),
  signed('envelope', 'one letter composed', { ...envelope, metadata: { text: '\u00e9' } }),
  signed('envelope', 'the same letter decomposed is another text', {
    ...envelope,
    metadata: { text: 'e\u0301' },
  }),
  signed('envelope', 'all numbers 0', { ...envelope, timestamp: 0, client_seq: 0, epoch: 0 }),
  signed('envelope', 'all numbers 2^53-1', { ...envelope, timestamp: MAX, client_seq: MAX, epoch: MAX }),
  signed('envelope', 'numbers around 2^32', {
    ...envelope,
    timestamp: 2 ** 32,
    client_seq: 2 ** 32 - 1,
    epoch: 2 ** 31,
  }),
  signed('envelope', 'not encrypted', { ...envelope, encrypted: false }),
  signed('envelope', 'of another generation', { ...envelope, generation: 1 }),
  signed('envelope', 'an empty payload', { ...envelope, payload: '' }),
  signed('envelope', 'a payload of 1,500 bytes', { ...envelope, payload: bytes(1500) }),
  signed('envelope', 'one member alone', { epoch: 1 }),
  signed('envelope', 'no members', {}),
  signed('server-auth', 'plain', handshake),
  signed('client-auth', 'the same facts under the other label', handshake),
  signed('client-auth', 'with a resume ticket and an encoding, without capabilities and limits', {
    ...handshake,
    client_capabilities: [],
    server_capabilities: [],
    resume: 'eyJ0IjoxfQ.c2ln',
    limits: {},
    client_encoding: 'json',
  }),
  signed('client-auth', 'boundary: one capability ab', { ...handshake, client_capabilities: ['ab'] }),
  signed('client-auth', 'boundary: capabilities a, b', { ...handshake, client_capabilities: ['a', 'b'] }),
  signed('gateway-cert', 'plain', {
    server_id: 'gateway_1',
    public_key: bytes(32, 1),
    not_before: 1_698_999_940,
    not_after: 1_699_086_340,
    service_key_id: 'service_1',
  }),
  signed('service-key-handover', 'plain', { service_key: bytes(32, 14), previous_key: bytes(32, 15) }),
  signed('kt-head', 'plain', {
    size: MAX,
    root: bytes(32, 10),
    created_at: 1_699_000_000,
    service_key_id: 'service_1',
  }),
  signed('resume-ticket', 'plain', {
    user_id: 'user_alice_123',
    device_id: 'dev_1',
    public_key: bytes(32, 2),
    user_ref: 17,
    device_ref: MAX,
    ticket_id: 'ticket_1',
    issued_at: 1_699_000_000,
    expires_at: 1_699_086_400,
    service_key_id: 'service_1',
  }),
  signed('device-cert', 'plain', {
    user_id: 'user_alice_123',
    account_key: bytes(32, 8),
    device_id: 'dev_1',
    public_key: bytes(32, 2),
    created_at: 1_699_000_000,
  }),
  signed('device-list', 'first version', {
    user_id: 'user_alice_123',
    account_key: bytes(32, 8),
    version: 1,
    created_at: 1_699_000_000,
    devices: [`dev_1:${bytes(32, 2)}`],
  }),
  signed('device-list', 'second version', {
    user_id: 'user_alice_123',
    account_key: bytes(32, 8),
    version: 2,
    previous_sha256: bytes(32, 9),
    created_at: 1_699_000_000,
    devices: [`dev_1:${bytes(32, 2)}`, `dev_2:${bytes(32, 3)}`],
  }),
  signed('device-enrolment', 'plain', {
    user_id: 'user_alice_123',
    account_key: bytes(32, 8),
    device_id: 'dev_1',
    public_key: bytes(32, 2),
    list_version: 1,
    timestamp: 1_699_000_000,
  }),
  signed('device-link', 'plain', {
    user_id: 'user_alice_123',
    device_id: 'dev_1',
    new_device_id: 'dev_2',
    new_public_key: bytes(32, 3),
    list_version: 2,
    list_sha256: bytes(32, 9),
    timestamp: 1_699_000_000,
  }),
  signed('key-exchange', 'plain', {
    user_id: 'user_alice_123',
    device_id: 'dev_1',
    key_type: 'prekey',
    key_id: 'ohC2r_Vkt3mOlRtf6WQn-gMFNFBc7ciqfW1wwpQDp-U',
    public_key: bytes(32, 9),
    key_package_sha256: bytes(32, 13),
  }),
  signed('group-op', 'create', groupOperation),
  signed('group-op', 'every field', {
    ...groupOperation,
    role: 'admin',
    removed_devices: ['user_carol_789:dev_1'],
    previous_sha256: bytes(32, 10),
    name_sha256: bytes(32, 11),
    commit_sha256: bytes(32, 12),
    replaces_generation: 2,
    replaces_epoch: 7,
    ban: true,
  }),
];

const refused = (name: string, member: string, value: unknown, context: SigningContext = 'envelope') => ({
  name,
  context,
  fields: { ...(context === 'envelope' ? envelope : groupOperation), [member]: value },
  at: member,
});
const rejected = [
  refused('a fraction', 'timestamp', 1_699_000_000.5),
  refused('a negative number', 'timestamp', -1),
  refused('minus zero', 'epoch', -0),
  refused('2^53', 'client_seq', 2 ** 53),
  refused('a number as text', 'client_seq', '1'),
  refused('half a surrogate pair', 'from', 'user_\ud83d'),
  refused('half a surrogate pair in metadata', 'metadata', { text: '\ude00' }),
  refused('half a surrogate pair in a name of metadata', 'metadata', { '\ud83d': 1 }),
  refused('metadata inside metadata', 'metadata', { a: { b: 1 } }),
  refused('a list inside metadata', 'metadata', { a: [1] }),
  refused('null in metadata', 'metadata', { a: null }),
  refused('a fraction in metadata', 'metadata', { a: 0.5 }),
  refused('base64 without padding', 'payload', 'AAECAwQFBgc'),
  refused('base64 with unused bits set', 'payload', 'AAECAwQFBgd='),
  refused('the URL alphabet', 'payload', 'AAE_'),
  refused('white space in base64', 'payload', 'AAEC AwQFBgc='),
  refused('null in a list', 'targets', ['user_alice_123', null], 'group-op'),
  refused('half a surrogate pair in a list', 'targets', ['\ud83d'], 'group-op'),
];

export function transcriptVectors(): unknown {
  return {
    algorithm: 'Ed25519 (RFC 8032, pure) over the transcript',
    seed: SEED,
    public_key: PUBLIC_KEY,
    valid: valid.map(({ name, context, fields }) => {
      const made = transcript(context, fields as Signed<typeof context>);
      return {
        name,
        context,
        fields,
        transcript: toHex(made),
        sha256: toHex(sha256(made)),
        signature: sign(made),
      };
    }),
    rejected,
  };
}

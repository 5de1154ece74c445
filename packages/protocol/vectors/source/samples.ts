import { fromHex, PUBLIC_KEY, sha256, sign, signFields } from './keys.ts';
import {
  DEFAULT_RETRY_POLICY,
  type Downstream,
  type DownstreamName,
  deviceCertTranscript,
  deviceListTranscript,
  encodeBase64,
  errorMessage,
  groupOpTranscript,
  handshakeTranscript,
  type Upstream,
  type UpstreamName,
} from './protocol.ts';

type FlatMap = Record<string, string | number | boolean>;
/** Valid messages of each type and direction, the plainest first. All signatures are genuine. */
type Samples<M> = readonly (readonly [name: string, message: M])[];

const MAX = Number.MAX_SAFE_INTEGER;
const NOW = 1_699_000_000;
const bytes = (length: number, first = 0) => encodeBase64(Uint8Array.from({ length }, (_, i) => first + i));
const key = encodeBase64(fromHex(PUBLIC_KEY));
const conversation = 'c_7Yw2kQz9LmN4pRs6';
const stamp = { seq: 41, conv_seq: 7, server_ts_ms: 1_699_000_000_123 };
const greatestStamp = { seq: MAX, conv_seq: MAX, server_ts_ms: 99_999_999_999_999 };

type ChatChanges = Partial<Omit<Upstream<'chat'>, 'metadata'>> & { metadata?: FlatMap };
function signedChat(changes: ChatChanges = {}): Upstream<'chat'> {
  const { signature: _, ...fields } = { signature: '', ...plainChat, ...changes };
  return { ...fields, signature: signFields('envelope', fields) } as Upstream<'chat'>;
}
const plainChat = {
  id: 'msg_1699000000_abc123',
  type: 'chat',
  from: 'user_alice_123',
  to: 'user_bob_456',
  device_id: 'dev_1',
  conversation_id: conversation,
  epoch: 0,
  client_seq: 1,
  timestamp: NOW,
  encrypted: true,
  nonce: bytes(16),
  payload: 'AAECAwQFBgc=',
} as const;

const chats: Samples<Upstream<'chat'>> = [
  ['without metadata', signedChat()],
  [
    'with the three names of metadata',
    signedChat({ metadata: { reply_to: 'msg_id', thread_id: 'thread_id', expires_at: 1_699_086_400 } }),
  ],
  ['with empty metadata', signedChat({ metadata: {} })],
  [
    'with every kind of metadata value',
    signedChat({
      metadata: { yes: true, no: false, count: MAX, zero: 0, text: 'é 😀 e\u0301', empty: '', ключ: 1 },
    }),
  ],
  [
    'with metadata names that objects have anyway',
    signedChat({ metadata: { toString: 'a', valueOf: 1, hasOwnProperty: true, '': 2 } }),
  ],
  [
    'with 16 entries of metadata, 256 characters beyond the BMP in one',
    signedChat({
      metadata: {
        ...Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`k${i}`, i])),
        text: '😀'.repeat(256),
      },
    }),
  ],
  ['with a metadata name of 64 UTF-16 units', signedChat({ metadata: { ['😀'.repeat(32)]: 1 } })],
  [
    'with the greatest numbers and longest ids',
    signedChat({
      id: 'm'.repeat(64),
      from: 'u'.repeat(64),
      device_id: '-'.repeat(64),
      conversation_id: `c_${'_'.repeat(62)}`,
      epoch: MAX,
      client_seq: MAX,
      timestamp: 99_999_999_999,
    }),
  ],
  ['to a group', signedChat({ to: conversation, payload: bytes(34, 200) })],
  ['with an empty payload', signedChat({ payload: '' })],
  ['not encrypted: well-formed, refused by policy later', signedChat({ encrypted: false })],
];

function signedCreate(changes: Partial<Upstream<'group_create'>> = {}): Upstream<'group_create'> {
  const operation: Upstream<'group_create'> = {
    type: 'group_create',
    id: 'op_1',
    kind: 'direct',
    conversation_id: conversation,
    generation: 0,
    epoch: 0,
    from: 'user_alice_123',
    device_id: 'dev_1',
    timestamp: NOW,
    nonce: bytes(16),
    members: ['user_alice_123', 'user_bob_456'],
    added_devices: ['user_alice_123:dev_1', 'user_bob_456:dev_1'],
    welcome: bytes(20, 100),
    welcome_to: ['user_bob_456:dev_1'],
    signature: '',
    ...changes,
  };
  const welcomeSha256 = encodeBase64(sha256(Buffer.from(operation.welcome, 'base64')));
  return { ...operation, signature: sign(groupOpTranscript(operation, { welcomeSha256 })) };
}
const groupCreates: Samples<Upstream<'group_create'>> = [
  ['a direct conversation', signedCreate()],
  [
    'without a welcome',
    signedCreate({ added_devices: ['user_alice_123:dev_1'], welcome: '', welcome_to: [] }),
  ],
  ['started over', signedCreate({ id: 'op_2', generation: 3, epoch: MAX })],
];

function signedDeviceList(
  version: number,
  deviceIds: string[],
): Omit<Downstream<'device_list'>, 'type' | 'ref'> {
  const owner = { user_id: 'user_bob_456', account_key: key };
  const devices = deviceIds.map((device_id, index) => {
    const device = {
      device_id,
      public_key: index === 0 ? key : bytes(32, index),
      created_at: NOW,
      signature: '',
    };
    return { ...device, signature: sign(deviceCertTranscript(owner, device)) };
  });
  const previous = version > 1 ? { previous_sha256: bytes(32, 64) } : {};
  const list = { ...owner, version, ...previous, created_at: NOW, devices };
  return { ...list, signature: sign(deviceListTranscript(list)) };
}

const hellos: Samples<Upstream<'client_hello'>> = [
  [
    'plain',
    {
      type: 'client_hello',
      version: '1.0',
      user_id: 'user_alice_123',
      device_id: 'dev_1',
      public_key: key,
      challenge: bytes(32),
      capabilities: ['e2e_encryption', 'file_transfer', 'groups'],
    },
  ],
  [
    'with encoding and a resume ticket, without capabilities',
    {
      type: 'client_hello',
      version: '999.999',
      user_id: 'C_alice',
      device_id: '_',
      public_key: key,
      challenge: bytes(32, 200),
      capabilities: [],
      encoding: 'json',
      resume: 'eyJ0IjoxfQ.c2lnbmF0dXJl-_',
    },
  ],
];
const [, firstHello] = hellos[0] as (typeof hellos)[0];

const certificate = {
  server_id: 'gateway_1',
  public_key: key,
  not_before: NOW - 60,
  not_after: NOW + 86_340,
  service_key_id: 'service_1',
};
const unsignedServerHello = {
  type: 'server_hello',
  version: '1.0',
  server_id: 'gateway_1',
  server_key: key,
  server_cert: { ...certificate, signature: signFields('gateway-cert', certificate) },
  server_challenge: bytes(32, 32),
  session_id: 'session_abc123',
  timestamp: NOW,
  capabilities: ['message_relay', 'offline_storage', 'push_notifications'],
  encoding: 'json',
  limits: { messages_per_minute: 100, connections: 5 },
} as const;
const serverHello: Downstream<'server_hello'> = {
  ...unsignedServerHello,
  capabilities: [...unsignedServerHello.capabilities],
  challenge_response: sign(
    handshakeTranscript('server-auth', firstHello, {
      ...unsignedServerHello,
      capabilities: [...unsignedServerHello.capabilities],
    }),
  ),
};

export const upstreamSamples: { [N in UpstreamName]: Samples<Upstream<N>> } = {
  client_hello: hellos,
  client_auth: [
    [
      'answer to the first client_hello and server_hello',
      { type: 'client_auth', signature: sign(handshakeTranscript('client-auth', firstHello, serverHello)) },
    ],
  ],
  ping: [
    ['plain', { type: 'ping', timestamp: NOW, sequence: 12_345 }],
    ['from zero', { type: 'ping', timestamp: 0, sequence: 0 }],
  ],
  device_list: [['plain', { type: 'device_list', id: 'req_1', user_id: 'user_bob_456' }]],
  chat: chats,
  ack: [
    ['the first', { type: 'ack', through: 1 }],
    ['the last', { type: 'ack', through: MAX }],
  ],
  receipt: [['plain', { type: 'receipt', conversation_id: conversation, read_through: 7 }]],
  resume: [
    ['with nothing stored', { type: 'resume', cursor: 0 }],
    [
      'with a cursor of an epoch and receipts',
      { type: 'resume', cursor: MAX, mailbox_epoch: 2, receipts_since_ms: 1_699_000_000_000 },
    ],
  ],
  sync: [['plain', { type: 'sync', from: 40 }]],
  group_create: groupCreates,
};

const delivered = chats.map(([name, message]) => [name, { ...message, delivery: stamp }] as const);
const created = groupCreates.map(([name, message]) => [name, { ...message, delivery: stamp }] as const);
const marks = {
  conversation_id: conversation,
  user_id: 'user_bob_456',
  delivered_through: 7,
  read_through: 0,
};

export const downstreamSamples: { [N in DownstreamName]: Samples<Downstream<N>> } = {
  server_hello: [
    ['answer to the first client_hello', serverHello],
    ['without capabilities and limits', { ...serverHello, capabilities: [], limits: {} }],
  ],
  session_ready: [
    [
      'plain',
      {
        type: 'session_ready',
        session_id: 'session_abc123',
        resume_ticket: 'eyJ0IjoxfQ.c2lnbmF0dXJl',
        resume_expires_at: NOW + 86_400,
        heartbeat_interval_ms: 30_000,
        retry_policy: DEFAULT_RETRY_POLICY,
      },
    ],
  ],
  pong: [['plain', { type: 'pong', timestamp: NOW + 1, sequence: 12_345 }]],
  error: [
    ['plain', errorMessage('INVALID_SIGNATURE', { reference_id: 'msg_1699000000_abc123' })],
    ['with a place', errorMessage('INVALID_MESSAGE_FORMAT', { path: '/metadata/expires_at type' })],
    ['to wait', errorMessage('RATE_LIMITED', { retry_after_ms: 1500, scope: 'messages', limit: 100 })],
    ['versions that are served', errorMessage('UNSUPPORTED_VERSION', { supported_versions: ['1.0', 1] })],
    ['the epoch', errorMessage('STALE_EPOCH', { reference_id: 'msg_2', epoch: 5 })],
    ['the client_seq', errorMessage('SEQ_GAP', { reference_id: 'msg_2', expected: 9 })],
    [
      'the conversation that won',
      errorMessage('CONVERSATION_EXISTS', { conversation_id: conversation, epoch: 0 }),
    ],
    [
      'a name and number of a later version',
      { type: 'error', code: 1999, error_code: 'NOT_INVENTED_YET', error_message: '' },
    ],
  ] as Samples<Downstream<'error'>>,
  goaway: [
    [
      'plain',
      {
        type: 'goaway',
        code: 1012,
        reason: 'this server is going away; come back',
        reconnect_after_ms: 2750,
      },
    ],
    ['for good', { type: 'goaway', code: 4504, reason: '' }],
  ],
  device_list: [
    ['first version', { type: 'device_list', ref: 'req_1', ...signedDeviceList(1, ['dev_1']) }],
    ['later version', { type: 'device_list', ref: 'req_1', ...signedDeviceList(2, ['dev_1', 'dev_2']) }],
  ],
  chat: [
    ...delivered,
    ['with the greatest stamp', { ...(chats[0] as (typeof chats)[0])[1], delivery: greatestStamp }],
  ],
  ack: [
    [
      'stored',
      {
        type: 'ack',
        ref: 'msg_1',
        status: 'stored',
        conversation_id: conversation,
        conv_seq: 7,
        server_ts_ms: 0,
      },
    ],
    [
      'stored before',
      {
        type: 'ack',
        ref: 'msg_1',
        status: 'stored',
        conversation_id: conversation,
        conv_seq: 7,
        server_ts_ms: 1_699_000_000_123,
        dup: true,
      },
    ],
  ],
  receipt: [['plain', { type: 'receipt', ...marks }]],
  sync_page: [
    [
      'one message and one conversation',
      {
        type: 'sync_page',
        items: [
          { ...signedCreate(), delivery: { ...stamp, seq: 40, conv_seq: 1 } },
          { ...signedChat(), delivery: stamp },
        ],
        through: 41,
        more: true,
        mailbox_epoch: 1,
        receipts: [marks],
      },
    ],
    ['empty', { type: 'sync_page', items: [], through: 0, more: false, mailbox_epoch: 0 }],
  ],
  group_create: created,
};

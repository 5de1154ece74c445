import { fromHex, PUBLIC_KEY, sha256, sign, signFields } from './keys.ts';
import {
  BLOCK_LIST_ITEMS,
  DEFAULT_RETRY_POLICY,
  type Downstream,
  type DownstreamName,
  deviceCertTranscript,
  deviceListTranscript,
  encodeBase64,
  errorMessage,
  type GroupOperation,
  groupOpTranscript,
  handshakeTranscript,
  keyExchangeTranscript,
  MAX_PRESENCE_SUBSCRIPTIONS,
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
  ['of a conversation that was started over', signedChat({ generation: 1, epoch: 2 })],
  ['with an empty payload', signedChat({ payload: '' })],
  ['not encrypted: well-formed, refused by policy later', signedChat({ encrypted: false })],
];

const hashOf = (text: string | undefined) =>
  text === undefined ? undefined : encodeBase64(sha256(Buffer.from(text, 'base64')));

/** Signs an operation as its sender would. */
function signedOperation<O extends GroupOperation>(operation: Omit<O, 'signature'>): O {
  const { commit, welcome, name } = operation as { commit?: string; welcome?: string; name?: string };
  const hashes = {
    commitSha256: hashOf(commit),
    welcomeSha256: hashOf(welcome),
    nameSha256: hashOf(name),
  };
  return { ...operation, signature: sign(groupOpTranscript(operation as O, hashes)) } as O;
}

const operationFrom = {
  id: 'op_1',
  conversation_id: conversation,
  generation: 0,
  epoch: 0,
  from: 'user_alice_123',
  device_id: 'dev_1',
  timestamp: NOW,
  nonce: bytes(16),
};
const later = { ...operationFrom, id: 'op_3', epoch: 4, previous_sha256: bytes(32, 10) };

function signedCreate(changes: Partial<Upstream<'group_create'>> = {}): Upstream<'group_create'> {
  return signedOperation<Upstream<'group_create'>>({
    type: 'group_create',
    ...operationFrom,
    kind: 'direct',
    members: ['user_alice_123', 'user_bob_456'],
    added_devices: ['user_alice_123:dev_1', 'user_bob_456:dev_1'],
    welcome: bytes(20, 100),
    welcome_to: ['user_bob_456:dev_1'],
    ...changes,
  });
}
const groupCreates: Samples<Upstream<'group_create'>> = [
  ['a direct conversation', signedCreate()],
  [
    'without a welcome',
    signedCreate({ added_devices: ['user_alice_123:dev_1'], welcome: '', welcome_to: [] }),
  ],
  [
    'a group with a name',
    signedCreate({
      kind: 'group',
      members: ['user_alice_123', 'user_bob_456', 'user_carol_789'],
      added_devices: ['user_alice_123:dev_1', 'user_bob_456:dev_1', 'user_carol_789:dev_1'],
      welcome_to: ['user_bob_456:dev_1', 'user_carol_789:dev_1'],
      name: bytes(24, 30),
    }),
  ],
  [
    'started over',
    signedCreate({
      id: 'op_2',
      generation: 3,
      replaces: { generation: 2, epoch: MAX },
      previous_sha256: bytes(32, 10),
    }),
  ],
];

const memberAdds: Samples<Upstream<'group_member_add'>> = [
  [
    'one user with two devices',
    signedOperation<Upstream<'group_member_add'>>({
      type: 'group_member_add',
      ...later,
      targets: ['user_dave_012'],
      added_devices: ['user_dave_012:dev_1', 'user_dave_012:dev_2'],
      welcome_to: ['user_dave_012:dev_1', 'user_dave_012:dev_2'],
      commit: bytes(30, 50),
      welcome: bytes(20, 100),
    }),
  ],
];
const memberRemoves: Samples<Upstream<'group_member_remove'>> = [
  [
    'one user with one device',
    signedOperation<Upstream<'group_member_remove'>>({
      type: 'group_member_remove',
      ...later,
      targets: ['user_dave_012'],
      removed_devices: ['user_dave_012:dev_1'],
      commit: bytes(30, 50),
    }),
  ],
  [
    'for good',
    signedOperation<Upstream<'group_member_remove'>>({
      type: 'group_member_remove',
      ...later,
      targets: ['user_dave_012'],
      removed_devices: ['user_dave_012:dev_1'],
      ban: true,
      commit: bytes(30, 50),
    }),
  ],
];
const leaves: Samples<Upstream<'group_leave'>> = [
  [
    'with the only device',
    signedOperation<Upstream<'group_leave'>>({
      type: 'group_leave',
      ...later,
      removed_devices: ['user_alice_123:dev_1'],
    }),
  ],
];
const updates: Samples<Upstream<'group_update'>> = [
  [
    'a role',
    signedOperation<Upstream<'group_update'>>({
      type: 'group_update',
      ...later,
      targets: ['user_bob_456'],
      role: 'admin',
    }),
  ],
  [
    'a name',
    signedOperation<Upstream<'group_update'>>({ type: 'group_update', ...later, name: bytes(24, 30) }),
  ],
  [
    'a ban that is lifted',
    signedOperation<Upstream<'group_update'>>({
      type: 'group_update',
      ...later,
      targets: ['user_dave_012'],
      ban: false,
    }),
  ],
];
const commits: Samples<Upstream<'group_commit'>> = [
  [
    'a device for another',
    signedOperation<Upstream<'group_commit'>>({
      type: 'group_commit',
      ...later,
      added_devices: ['user_alice_123:dev_2'],
      removed_devices: ['user_alice_123:dev_3'],
      welcome_to: ['user_alice_123:dev_2'],
      commit: bytes(30, 50),
      welcome: bytes(20, 100),
    }),
  ],
  [
    'fresh keys alone',
    signedOperation<Upstream<'group_commit'>>({
      type: 'group_commit',
      ...later,
      added_devices: [],
      removed_devices: [],
      welcome_to: [],
      commit: bytes(30, 50),
    }),
  ],
];

const unsignedSignal = {
  id: 'sig_1',
  from: 'user_alice_123',
  to: 'user_bob_456',
  device_id: 'dev_1',
  to_device: 'dev_2',
  conversation_id: conversation,
  epoch: 4,
  generation: 0,
  session_id: 'p2p_session_abc',
  timestamp: NOW,
  nonce: bytes(16, 60),
  payload: bytes(48, 70),
};
type SignalName = 'p2p_offer' | 'p2p_answer' | 'p2p_candidate' | 'p2p_bye';
function signedSignal<N extends SignalName>(type: N, changes: object = {}): Upstream<N> {
  const fields = { type, ...unsignedSignal, ...changes };
  return { ...fields, signature: signFields('p2p', fields) } as unknown as Upstream<N>;
}
const offers: Samples<Upstream<'p2p_offer'>> = [
  ['to all devices', signedSignal('p2p_offer', { to_device: undefined })],
  ['new terms for the one that has answered', signedSignal('p2p_offer')],
];
const answers: Samples<Upstream<'p2p_answer'>> = [['plain', signedSignal('p2p_answer')]];
const candidates: Samples<Upstream<'p2p_candidate'>> = [['plain', signedSignal('p2p_candidate')]];
const byes: Samples<Upstream<'p2p_bye'>> = [
  ['to all who were asked', signedSignal('p2p_bye', { to_device: undefined, payload: '' })],
  ['to the other end', signedSignal('p2p_bye', { payload: '' })],
];

type DeliveredForm<O> = Omit<O, 'commit' | 'welcome'> & {
  commit?: string;
  welcome?: string;
  delivery: typeof stamp;
};

/** As delivered to existing members, and to added devices: one of the two without its bytes. */
function deliveredForms<O extends { commit: string; welcome?: string }>(
  samples: readonly (readonly [name: string, message: O])[],
): Samples<DeliveredForm<O>> {
  return samples.flatMap(([name, { commit, welcome, ...rest }]) => {
    const toMembers = welcome === undefined ? { commit } : { commit, welcome_sha256: hashOf(welcome) };
    const toAdded = { welcome, commit_sha256: hashOf(commit) };
    return [
      [`${name}, to members`, { ...rest, ...toMembers, delivery: stamp }] as const,
      ...(welcome === undefined
        ? []
        : [[`${name}, to who is added`, { ...rest, ...toAdded, delivery: stamp }] as const]),
    ];
  }) as unknown as Samples<DeliveredForm<O>>;
}

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

const keyPackage = bytes(40);
const keyIds = [
  'ohC2r_Vkt3mOlRtf6WQn-gMFNFBc7ciqfW1wwpQDp-U',
  'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
] as const;
function signedKey(userId: string, keyId: string) {
  const key = { key_id: keyId, public_key: bytes(32, 9), key_package: keyPackage };
  const keyPackageSha256 = encodeBase64(sha256(Buffer.from(keyPackage, 'base64')));
  const owner = { user_id: userId, device_id: 'dev_1' };
  return { ...key, signature: sign(keyExchangeTranscript(owner, key, { keyPackageSha256 })) };
}
const bundles = [
  { device_id: 'dev_1', ...signedKey('user_bob_456', keyIds[0]), last_resort: false },
  { device_id: 'dev_2', ...signedKey('user_bob_456', keyIds[1]), last_resort: true },
];

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
/** The seed’s example: 1 MiB in 100 chunks. */
const fileForm = { file_size: 1_048_576, chunk_size: 10_486, total_chunks: 100 };

const logFacts = { size: 1_234, root: bytes(32, 10), created_at: NOW, service_key_id: 'service_1' };
const logHead = { ...logFacts, signature: signFields('kt-head', logFacts) };

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
  block: [['plain', { type: 'block', id: 'req_2', user_id: 'user_bob_456' }]],
  turn_credentials: [['plain', { type: 'turn_credentials', id: 'req_12' }]],
  key_log: [['plain', { type: 'key_log', id: 'req_13', from: 1_200 }]],
  key_log_proof: [
    [
      'of a list',
      {
        type: 'key_log_proof',
        id: 'req_14',
        size: 1_234,
        list: { user_id: 'user_bob_456', sha256: bytes(32, 9) },
      },
    ],
    ['of an earlier log', { type: 'key_log_proof', id: 'req_15', size: 1_234, first: 1_000 }],
  ],
  p2p_offer: offers,
  p2p_answer: answers,
  p2p_candidate: candidates,
  p2p_bye: byes,
  presence: [
    ['online', { type: 'presence', status: 'online' }],
    ['busy', { type: 'presence', status: 'busy' }],
  ],
  presence_subscribe: [
    ['two users', { type: 'presence_subscribe', id: 'req_8', user_ids: ['user_bob_456', 'user_carol_789'] }],
    ['nobody any more', { type: 'presence_subscribe', id: 'req_9', user_ids: [] }],
    [
      'as many as there may be, with the longest ids',
      {
        type: 'presence_subscribe',
        id: 'i'.repeat(64),
        user_ids: Array.from({ length: MAX_PRESENCE_SUBSCRIPTIONS }, (_, n) => `${n}`.padStart(64, '_')),
      },
    ],
  ],
  presence_privacy: [
    ['a question', { type: 'presence_privacy', id: 'req_10' }],
    [
      'nobody, and no time',
      { type: 'presence_privacy', id: 'req_11', status_to: 'nobody', last_seen: 'hidden' },
    ],
  ],
  typing: [
    ['begins', { type: 'typing', chat_id: conversation, typing: true, expires_at: NOW + 5 }],
    ['has stopped', { type: 'typing', chat_id: conversation, typing: false, expires_at: NOW + 5 }],
  ],
  unblock: [['plain', { type: 'unblock', id: 'req_3', user_id: 'user_bob_456' }]],
  block_list: [
    ['from the beginning', { type: 'block_list', id: 'req_4' }],
    ['behind somebody', { type: 'block_list', id: 'req_5', after: 'user_bob_456' }],
  ],
  key_exchange: [
    [
      'a prekey',
      {
        type: 'key_exchange',
        id: 'req_2',
        key_type: 'prekey',
        ...signedKey('user_alice_123', keyIds[0]),
        last_resort: false,
      },
    ],
    [
      'the last resort',
      {
        type: 'key_exchange',
        id: 'req_2',
        key_type: 'prekey',
        ...signedKey('user_alice_123', keyIds[1]),
        last_resort: true,
      },
    ],
    [
      'another type: well-formed, refused by policy later',
      {
        type: 'key_exchange',
        id: 'req_2',
        key_type: 'ephemeral',
        public_key: bytes(32, 9),
        key_id: 'key_123',
        signature: bytes(64),
      },
    ],
  ],
  key_bundle_request: [
    ['for all devices', { type: 'key_bundle_request', id: 'req_3', user_id: 'user_bob_456' }],
    ['for one', { type: 'key_bundle_request', id: 'req_3', user_id: 'user_bob_456', device_id: 'dev_2' }],
  ],
  key_count: [['plain', { type: 'key_count', id: 'req_4' }]],
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
  receipt_privacy: [
    ['switched off', { type: 'receipt_privacy', id: 'req_1', share_read: false }],
    ['asked for', { type: 'receipt_privacy', id: 'req_1' }],
  ],
  push_subscribe: [
    [
      'by Web Push',
      {
        type: 'push_subscribe',
        id: 'req_1',
        web_push: {
          endpoint: 'https://push.example.net/send/abc123',
          p256dh: bytes(65, 4),
          auth: bytes(16, 9),
        },
      },
    ],
    ['by a bridge', { type: 'push_subscribe', id: 'req_1', bridge: { token: 'apns:0123abcd' } }],
    ['asked for', { type: 'push_subscribe', id: 'req_1' }],
  ],
  push_unsubscribe: [['plain', { type: 'push_unsubscribe', id: 'req_1' }]],
  group_create: groupCreates,
  group_member_add: memberAdds,
  group_member_remove: memberRemoves,
  group_leave: leaves,
  group_update: updates,
  group_commit: commits,
  group_info: [
    ['from the start', { type: 'group_info', id: 'req_1', conversation_id: conversation }],
    [
      'from a member on',
      { type: 'group_info', id: 'req_1', conversation_id: conversation, after: 'user_bob_456' },
    ],
  ],
  file_offer: [
    [
      'of the seed’s size, with what the server has to know',
      { type: 'file_offer', id: 'req_1', file_id: 'file_abc123', conversation_id: conversation, ...fileForm },
    ],
    [
      'as the seed shows it: well-formed, refused by policy later',
      {
        type: 'file_offer',
        file_id: 'file_abc123',
        conversation_id: conversation,
        ...fileForm,
        filename: 'document.pdf',
        mime_type: 'application/pdf',
        checksum: 'sha256_hash',
        encryption_key: 'base64_key',
      },
    ],
  ],
  file_accept: [['plain', { type: 'file_accept', id: 'req_1', file_id: 'file_abc123' }]],
  file_decline: [['plain', { type: 'file_decline', id: 'req_1', file_id: 'file_abc123' }]],
  file_cancel: [['plain', { type: 'file_cancel', id: 'req_1', file_id: 'file_abc123' }]],
  file_chunk: [
    [
      'as the seed shows it',
      {
        type: 'file_chunk',
        file_id: 'file_abc123',
        chunk_index: 0,
        total_chunks: 100,
        encrypted_data: bytes(40, 3),
      },
    ],
    [
      'with an id',
      {
        type: 'file_chunk',
        id: 'req_2',
        file_id: 'file_abc123',
        chunk_index: 99,
        total_chunks: 100,
        encrypted_data: bytes(3),
      },
    ],
  ],
  file_chunk_request: [
    ['plain', { type: 'file_chunk_request', id: 'req_3', file_id: 'file_abc123', chunk_index: 99 }],
  ],
  file_progress: [
    [
      'as the seed shows it',
      {
        type: 'file_progress',
        file_id: 'file_abc123',
        bytes_received: 524_288,
        total_bytes: 1_048_576,
        status: 'downloading',
      },
    ],
    [
      'all of it was sent',
      {
        type: 'file_progress',
        id: 'req_4',
        file_id: 'file_abc123',
        bytes_received: 1_048_576,
        total_bytes: 1_048_576,
        status: 'complete',
        sha256: bytes(32, 12),
      },
    ],
  ],
  file_status: [
    ['of a file', { type: 'file_status', id: 'req_5', file_id: 'file_abc123' }],
    ['of all behind one', { type: 'file_status', id: 'req_6', after: 'file_abc123' }],
  ],
};

const delivered = chats.map(([name, message]) => [name, { ...message, delivery: stamp }] as const);
const created = groupCreates.map(([name, message]) => [name, { ...message, delivery: stamp }] as const);
const truncated = {
  type: 'history_truncated',
  conversation_id: conversation,
  dropped: 10_001,
  delivery: { ...stamp, conv_seq: 10_007 },
} as const;
const marks = {
  conversation_id: conversation,
  user_id: 'user_bob_456',
  delivered_through: 7,
  read_through: 0,
};

export const downstreamSamples: { [N in DownstreamName]: Samples<Downstream<N>> } = {
  server_hello: [
    ['answer to the first client_hello', serverHello],
    [
      'while the service key changes',
      {
        ...serverHello,
        handovers: [
          {
            service_key: bytes(32, 1),
            previous_key: key,
            signature: signFields('service-key-handover', { service_key: bytes(32, 1), previous_key: key }),
          },
        ],
      },
    ],
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
    [
      'the operation that came first',
      errorMessage('STALE_LOG', {
        reference_id: 'op_2',
        generation: 0,
        epoch: 5,
        conv_seq: 40,
        previous_sha256: bytes(32, 10),
      }),
    ],
    [
      'devices to be removed',
      errorMessage('COMMIT_REQUIRED', { reference_id: 'msg_2', removed_devices: ['user_carol_789:dev_1'] }),
    ],
    [
      'a capability',
      errorMessage('CAPABILITY_MISSING', { reference_id: 'msg_2', capability: 'e2e_encryption' }),
    ],
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
  block: [['plain', { type: 'block', ref: 'req_2', user_id: 'user_bob_456' }]],
  turn_credentials: [
    [
      'one server',
      {
        type: 'turn_credentials',
        ref: 'req_12',
        urls: ['turns:turn.example.org:5349?transport=tcp', 'turn:turn.example.org:3478?transport=udp'],
        username: `${NOW + 3600}:q8m3ZpVt7sK1`,
        password: bytes(20, 5),
        expires_at: NOW + 3600,
      },
    ],
    [
      'no server',
      { type: 'turn_credentials', ref: 'req_12', urls: [], username: '', password: '', expires_at: 0 },
    ],
  ],
  key_log: [
    ['two entries', { type: 'key_log', ref: 'req_13', head: logHead, entries: bytes(192, 6) }],
    ['none', { type: 'key_log', ref: 'req_13', head: logHead, entries: '' }],
  ],
  key_log_proof: [
    ['of a list', { type: 'key_log_proof', ref: 'req_14', position: 1_199, hashes: bytes(64, 3) }],
    ['nothing to prove', { type: 'key_log_proof', ref: 'req_15', hashes: '' }],
  ],
  p2p_offer: offers,
  p2p_answer: answers,
  p2p_candidate: candidates,
  p2p_bye: byes,
  presence: [
    ['away', { type: 'presence', user_id: 'user_bob_456', status: 'away' }],
    ['offline', { type: 'presence', user_id: 'user_bob_456', status: 'offline' }],
  ],
  presence_subscribe: [
    [
      'one who is there and one who was',
      {
        type: 'presence_subscribe',
        ref: 'req_8',
        states: [
          { user_id: 'user_bob_456', status: 'online' },
          { user_id: 'user_carol_789', status: 'offline', last_seen: NOW - (NOW % 3600) },
        ],
      },
    ],
    ['nobody', { type: 'presence_subscribe', ref: 'req_9', states: [] }],
    [
      'as many as there may be, with the longest ids',
      {
        type: 'presence_subscribe',
        ref: 'i'.repeat(64),
        states: Array.from({ length: MAX_PRESENCE_SUBSCRIPTIONS }, (_, n) => ({
          user_id: `${n}`.padStart(64, '_'),
          status: 'offline' as const,
          last_seen: 99_999_999_999,
        })),
      },
    ],
  ],
  presence_privacy: [
    ['until it is set', { type: 'presence_privacy', ref: 'req_10', status_to: 'direct', last_seen: 'hour' }],
  ],
  typing: [
    [
      'begins',
      {
        type: 'typing',
        chat_id: conversation,
        typing: true,
        expires_at: NOW + 5,
        user_id: 'user_bob_456',
      },
    ],
  ],
  unblock: [['plain', { type: 'unblock', ref: 'req_3', user_id: 'user_bob_456' }]],
  block_list: [
    ['plain', { type: 'block_list', ref: 'req_4', user_ids: ['user_bob_456'], more: false }],
    ['empty', { type: 'block_list', ref: 'req_5', user_ids: [], more: false }],
    [
      'the longest',
      {
        type: 'block_list',
        ref: 'r'.repeat(64),
        user_ids: Array.from({ length: BLOCK_LIST_ITEMS }, (_, n) => String(n).padStart(64, 'u')),
        more: true,
      },
    ],
  ],
  key_bundle: [
    ['of two devices', { type: 'key_bundle', ref: 'req_3', user_id: 'user_bob_456', bundles }],
    [
      'of none that has a key package',
      { type: 'key_bundle', ref: 'req_3', user_id: 'user_bob_456', bundles: [] },
    ],
  ],
  key_count: [
    ['an answer', { type: 'key_count', ref: 'req_4', count: 50, last_resort: true, low_water: 10 }],
    ['unasked', { type: 'key_count', count: 0, last_resort: false, low_water: 10 }],
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
    [
      'something was dropped',
      {
        type: 'sync_page',
        items: [truncated, { ...signedChat(), delivery: { ...stamp, seq: 42, conv_seq: 10_008 } }],
        through: 42,
        more: false,
        mailbox_epoch: 1,
      },
    ],
  ],
  history_truncated: [['plain', truncated]],
  receipt_privacy: [['plain', { type: 'receipt_privacy', ref: 'req_1', share_read: false }]],
  push_subscribe: [
    [
      'plain',
      {
        type: 'push_subscribe',
        ref: 'req_1',
        subscribed: 'web_push',
        vapid_public_key: bytes(65, 4),
        has_bridge: false,
      },
    ],
  ],
  push_unsubscribe: [['plain', { type: 'push_unsubscribe', ref: 'req_1' }]],
  group_create: created,
  group_member_add: deliveredForms(memberAdds),
  group_member_remove: deliveredForms(memberRemoves),
  group_leave: leaves.map(([name, message]) => [name, { ...message, delivery: stamp }] as const),
  group_update: updates.map(([name, message]) => [name, { ...message, delivery: stamp }] as const),
  group_commit: deliveredForms(commits),
  group_info: [
    [
      'a group',
      {
        type: 'group_info',
        ref: 'req_1',
        conversation_id: conversation,
        kind: 'group',
        generation: 0,
        epoch: 5,
        epoch_seq: 40,
        conv_seq: 41,
        log_head: bytes(32, 10),
        commit_required: ['user_carol_789:dev_1'],
        banned: ['user_dave_012'],
        member_count: 2,
        members: [
          {
            user_id: 'user_alice_123',
            role: 'owner',
            joined_seq: 1,
            devices: ['dev_1'],
            delivered_through: 41,
            read_through: 41,
          },
        ],
        more: true,
      },
    ],
    [
      'the last of a direct one whose head is not known',
      {
        type: 'group_info',
        ref: 'req_1',
        conversation_id: conversation,
        kind: 'direct',
        generation: 0,
        epoch: 0,
        epoch_seq: 1,
        conv_seq: MAX,
        commit_required: [],
        member_count: 2,
        members: [],
        more: false,
      },
    ],
  ],
  file_offer: [
    [
      'plain',
      {
        type: 'file_offer',
        file_id: 'file_abc123',
        conversation_id: conversation,
        user_id: 'user_alice_123',
        ...fileForm,
      },
    ],
  ],
  file_accept: [['plain', { type: 'file_accept', file_id: 'file_abc123', user_id: 'user_bob_456' }]],
  file_decline: [['plain', { type: 'file_decline', file_id: 'file_abc123', user_id: 'user_bob_456' }]],
  file_cancel: [['plain', { type: 'file_cancel', file_id: 'file_abc123' }]],
  file_chunk: [
    [
      'plain',
      {
        type: 'file_chunk',
        ref: 'req_3',
        file_id: 'file_abc123',
        chunk_index: 99,
        total_chunks: 100,
        encrypted_data: bytes(40, 3),
      },
    ],
  ],
  file_progress: [
    [
      'what the server has received',
      {
        type: 'file_progress',
        file_id: 'file_abc123',
        bytes_received: 524_288,
        total_bytes: 1_048_576,
        status: 'downloading',
      },
    ],
    [
      'what somebody has received',
      {
        type: 'file_progress',
        file_id: 'file_abc123',
        bytes_received: 1_048_576,
        total_bytes: 1_048_576,
        status: 'complete',
        user_id: 'user_bob_456',
      },
    ],
  ],
  file_status: [
    [
      'of a file on its way',
      {
        type: 'file_status',
        ref: 'req_5',
        file_id: 'file_abc123',
        state: 'uploading',
        files: [
          {
            file_id: 'file_abc123',
            conversation_id: conversation,
            ...fileForm,
            state: 'uploading',
            bytes_received: 524_288,
            missing: [
              [0, 0],
              [50, 99],
            ],
            expires_at: NOW + 604_800,
          },
        ],
        access: { token: 'WzEsMSwxXQ.c2lnbmF0dXJl', expires_at: NOW + 900, url: 'https://files.example.org' },
      },
    ],
    ['a chunk is stored', { type: 'file_status', ref: 'req_2', file_id: 'file_abc123', chunk_index: 99 }],
    [
      'of all that counts for a user',
      {
        type: 'file_status',
        ref: 'req_6',
        files: [
          {
            file_id: 'file_abc123',
            conversation_id: conversation,
            ...fileForm,
            state: 'complete',
            bytes_received: 1_048_576,
            sha256: bytes(32, 12),
            expires_at: NOW + 2_592_000,
          },
        ],
        more: false,
        storage: { used: 1_048_576, reserved: 0, limit: 1_000_000_000 },
      },
    ],
    ['of none that is there', { type: 'file_status', file_id: 'file_abc123', state: 'gone' }],
  ],
};

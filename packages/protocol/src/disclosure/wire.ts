import type { Upstream, UpstreamName } from '../catalog.ts';
import type { Declared } from './declared.ts';

const stated = { id: 'messageId', from: 'sender', device_id: 'sendingDevice', timestamp: 'sentAt' } as const;
const keyed = { conversation_id: 'conversation', epoch: 'place', generation: 'place' } as const;
const signed = { nonce: 'nonce', signature: 'signature' } as const;
const operation = { type: 'messageType', ...stated, ...keyed, ...signed } as const;
const next = { ...operation, previous_sha256: 'previousOperation' } as const;

const question = { type: 'messageType', id: 'requestId' } as const;
const aboutFile = { ...question, file_id: 'file' } as const;
const signal = {
  type: 'messageType',
  id: 'requestId',
  from: 'callParties',
  to: 'callParties',
  device_id: 'callParties',
  to_device: 'callParties',
  conversation_id: 'askedConversation',
  epoch: 'callSignal',
  generation: 'callSignal',
  session_id: 'callSession',
  timestamp: 'callSignal',
  nonce: 'callSignal',
  payload: 'callSignal',
  signature: 'callSignal',
} as const;

/** What each field that a client sends reveals to the server. */
export const wire: { readonly [N in UpstreamName]: Declared<Upstream<N>> } = {
  client_hello: {
    type: 'messageType',
    version: 'clientVersion',
    user_id: 'user',
    device_id: 'device',
    public_key: 'publicKey',
    challenge: 'challenge',
    capabilities: 'clientVersion',
    encoding: 'clientVersion',
    resume: 'ticket',
  },
  client_auth: { type: 'messageType', signature: 'proof' },
  push_subscribe: {
    ...question,
    web_push: { endpoint: 'pushTarget', p256dh: 'pushTarget', auth: 'pushTarget' },
    bridge: { token: 'pushTarget' },
  },
  push_unsubscribe: question,
  ping: { type: 'messageType', timestamp: 'heartbeat', sequence: 'heartbeat' },

  device_list: { ...question, user_id: 'askedUser' },
  key_exchange: {
    ...question,
    key_type: 'keyPackage',
    public_key: 'keyPackage',
    key_id: 'keyPackage',
    signature: 'keyPackage',
    key_package: 'keyPackage',
    last_resort: 'keyPackage',
  },
  key_bundle_request: {
    type: 'messageType',
    id: 'claimId',
    user_id: 'claimedUser',
    device_id: 'claimedUser',
  },
  key_count: question,
  turn_credentials: question,
  key_log: { ...question, from: 'pageStart' },
  key_log_proof: {
    ...question,
    size: 'pageStart',
    list: { user_id: 'askedUser', sha256: 'askedUser' },
    first: 'pageStart',
  },

  presence: { type: 'messageType', status: 'status' },
  presence_subscribe: { ...question, user_ids: 'watchedUsers' },
  presence_privacy: { ...question, status_to: 'choice', last_seen: 'choice' },
  typing: { type: 'messageType', chat_id: 'typing', typing: 'typing', expires_at: 'typing' },

  chat: {
    ...operation,
    to: 'addressee',
    client_seq: 'place',
    encrypted: 'isEncrypted',
    payload: 'ciphertext',
    metadata: { reply_to: 'statedReply', thread_id: 'statedReply', expires_at: 'expiry' },
  },
  ack: { type: 'messageType', through: 'deviceCursor' },
  receipt: { type: 'messageType', conversation_id: 'conversation', read_through: 'readUpTo' },
  resume: {
    type: 'messageType',
    cursor: 'deviceCursor',
    mailbox_epoch: 'deviceCursor',
    receipts_since_ms: 'pageStart',
  },
  sync: { type: 'messageType', from: 'pageStart' },
  block: { ...question, user_id: 'blocked' },
  unblock: { ...question, user_id: 'blocked' },
  block_list: { ...question, after: 'pageStart' },
  receipt_privacy: { ...question, share_read: 'choice' },

  group_create: {
    ...operation,
    kind: 'conversationKind',
    members: 'members',
    added_devices: 'memberDevices',
    welcome: 'keyMaterial',
    welcome_to: 'memberDevices',
    name: 'encryptedName',
    replaces: { generation: 'place', epoch: 'place' },
    previous_sha256: 'previousOperation',
  },
  group_member_add: {
    ...next,
    targets: 'members',
    added_devices: 'memberDevices',
    welcome_to: 'memberDevices',
    commit: 'keyMaterial',
    welcome: 'keyMaterial',
  },
  group_member_remove: {
    ...next,
    targets: 'members',
    removed_devices: 'memberDevices',
    ban: 'ban',
    commit: 'keyMaterial',
  },
  group_leave: { ...next, removed_devices: 'memberDevices' },
  group_update: { ...next, targets: 'members', role: 'role', ban: 'ban', name: 'encryptedName' },
  group_commit: {
    ...next,
    added_devices: 'memberDevices',
    removed_devices: 'memberDevices',
    welcome_to: 'memberDevices',
    commit: 'keyMaterial',
    welcome: 'keyMaterial',
  },
  group_info: { ...question, conversation_id: 'askedConversation', after: 'pageStart' },

  file_offer: {
    ...aboutFile,
    conversation_id: 'conversation',
    file_size: 'fileSize',
    chunk_size: 'fileSize',
    total_chunks: 'fileSize',
    filename: 'refused',
    mime_type: 'refused',
    checksum: 'refused',
    encryption_key: 'refused',
  },
  file_accept: aboutFile,
  file_decline: { ...question, file_id: 'answerToOffer' },
  file_cancel: aboutFile,
  file_chunk: {
    ...aboutFile,
    chunk_index: 'chunkNumber',
    total_chunks: 'fileSize',
    encrypted_data: 'chunk',
  },
  file_chunk_request: { ...aboutFile, chunk_index: 'pageStart' },
  file_progress: {
    ...aboutFile,
    bytes_received: 'transferred',
    total_bytes: 'fileSize',
    status: 'transferred',
    sha256: 'fileHash',
  },
  file_status: { ...aboutFile, after: 'pageStart' },

  p2p_offer: signal,
  p2p_answer: signal,
  p2p_candidate: signal,
  p2p_bye: signal,
};

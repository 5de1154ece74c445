import type { UpstreamName } from './catalog.ts';

/** What a client may announce in `client_hello.capabilities`; unknown names are ignored. */
export const clientCapabilities = ['e2e_encryption', 'file_transfer', 'groups'] as const;
export type ClientCapability = (typeof clientCapabilities)[number];

/** What a server may announce in `server_hello.capabilities`: only what it actually does. */
export const serverCapabilities = [
  'message_relay',
  'offline_storage',
  'presence',
  'push_notifications',
  'file_transfer',
] as const;
export type ServerCapability = (typeof serverCapabilities)[number];

/**
 * What a client must have announced to send a type; otherwise the message is refused with `CAPABILITY_MISSING`. A
 * client that does not encrypt has no content to send or to start a conversation with. `group_create` also creates
 * direct conversations, so it does not need `groups`. What a client receives does not depend on what it announced.
 */
export const neededCapability: Record<UpstreamName, ClientCapability | undefined> = {
  client_hello: undefined,
  client_auth: undefined,
  ping: undefined,
  device_list: undefined,
  key_exchange: 'e2e_encryption',
  key_bundle_request: 'e2e_encryption',
  key_count: 'e2e_encryption',
  presence: undefined,
  presence_subscribe: undefined,
  presence_privacy: undefined,
  typing: undefined,
  chat: 'e2e_encryption',
  ack: undefined,
  receipt: undefined,
  resume: undefined,
  sync: undefined,
  block: undefined,
  unblock: undefined,
  block_list: undefined,
  receipt_privacy: undefined,
  push_subscribe: undefined,
  push_unsubscribe: undefined,
  group_create: 'e2e_encryption',
  group_member_add: 'groups',
  group_member_remove: 'groups',
  group_leave: 'e2e_encryption',
  group_update: 'groups',
  group_commit: 'e2e_encryption',
  group_info: undefined,
  turn_credentials: undefined,
  key_log: undefined,
  key_log_proof: undefined,
  p2p_offer: 'e2e_encryption',
  p2p_answer: 'e2e_encryption',
  p2p_candidate: 'e2e_encryption',
  p2p_bye: 'e2e_encryption',
  file_offer: 'file_transfer',
  file_accept: 'file_transfer',
  file_decline: 'file_transfer',
  file_cancel: 'file_transfer',
  file_chunk: 'file_transfer',
  file_chunk_request: 'file_transfer',
  file_progress: 'file_transfer',
  file_status: 'file_transfer',
};

import type { UpstreamName } from '../catalog.ts';

/**
 * Which service handles what a client sends, and how it gets there. `ordered`: through a partitioned stream, in
 * order, with the cursor in Postgres. `request`: through a consumer group, with a deadline and a reply. The gateway
 * answers its own types itself.
 */
export const routing = {
  client_hello: { owner: 'gateway' },
  client_auth: { owner: 'gateway' },
  ping: { owner: 'gateway' },
  resume: { owner: 'gateway' },
  sync: { owner: 'gateway' },
  block: { owner: 'delivery', path: 'request' },
  unblock: { owner: 'delivery', path: 'request' },
  block_list: { owner: 'delivery', path: 'request' },
  device_list: { owner: 'auth', path: 'request' },
  key_exchange: { owner: 'auth', path: 'request' },
  key_bundle_request: { owner: 'auth', path: 'request' },
  key_count: { owner: 'auth', path: 'request' },
  presence: { owner: 'presence', path: 'request' },
  presence_subscribe: { owner: 'presence', path: 'request' },
  presence_privacy: { owner: 'presence', path: 'request' },
  typing: { owner: 'presence', path: 'request' },
  chat: { owner: 'delivery', path: 'ordered' },
  group_create: { owner: 'delivery', path: 'ordered' },
  group_member_add: { owner: 'delivery', path: 'ordered' },
  group_member_remove: { owner: 'delivery', path: 'ordered' },
  group_leave: { owner: 'delivery', path: 'ordered' },
  group_update: { owner: 'delivery', path: 'ordered' },
  group_commit: { owner: 'delivery', path: 'ordered' },
  receipt_privacy: { owner: 'delivery', path: 'request' },
  group_info: { owner: 'delivery', path: 'request' },
  push_subscribe: { owner: 'push', path: 'request' },
  push_unsubscribe: { owner: 'push', path: 'request' },
  turn_credentials: { owner: 'auth', path: 'request' },
  key_log: { owner: 'auth', path: 'request' },
  key_log_proof: { owner: 'auth', path: 'request' },
  p2p_offer: { owner: 'presence', path: 'request' },
  p2p_answer: { owner: 'presence', path: 'request' },
  p2p_candidate: { owner: 'presence', path: 'request' },
  p2p_bye: { owner: 'presence', path: 'request' },
  ack: { owner: 'delivery', path: 'ordered' },
  receipt: { owner: 'delivery', path: 'ordered' },
  file_offer: { owner: 'files', path: 'request' },
  file_accept: { owner: 'files', path: 'request' },
  file_decline: { owner: 'files', path: 'request' },
  file_cancel: { owner: 'files', path: 'request' },
  file_chunk: { owner: 'files', path: 'request' },
  file_chunk_request: { owner: 'files', path: 'request' },
  file_progress: { owner: 'files', path: 'request' },
  file_status: { owner: 'files', path: 'request' },
} as const satisfies Record<
  UpstreamName,
  { owner: 'gateway' } | { owner: string; path: 'ordered' | 'request' }
>;

type Routing = typeof routing;
export type Owner = Routing[UpstreamName]['owner'];
type PathOf<N extends UpstreamName> = Routing[N] extends { path: infer P } ? P : undefined;
/** The types that reach a service on its ordered streams. */
export type OrderedTo<O extends Owner> = {
  [N in UpstreamName]: Routing[N]['owner'] extends O ? (PathOf<N> extends 'ordered' ? N : never) : never;
}[UpstreamName];

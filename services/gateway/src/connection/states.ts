import { type CloseReason, PEER_GONE_AFTER_MS, type UpstreamName } from '@securechat/protocol';

/**
 * The life of a connection on this side. The seed's CONNECTING (socket, TLS, upgrade) is over when a connection
 * object is created; its time counts towards the login's.
 *
 * hello    AUTHENTICATING: nothing is known of the client. Left by its `client_hello`.
 * proof    AUTHENTICATING: both challenges are out. Left by a `client_auth` that proves the key.
 * login    AUTHENTICATING: the key is proved; whether it is an active device's is being checked.
 * ready    CONNECTED: a session. Left when the client goes, breaks the rules, or is silent for too long.
 * closing  DISCONNECTED: a close was sent; whatever still arrives is dropped.
 */
export type ConnectionState = 'hello' | 'proof' | 'login' | 'ready' | 'closing';
export const connectionStates: readonly ConnectionState[] = ['hello', 'proof', 'login', 'ready', 'closing'];

/** What is allowed in a session. Anything unlisted is refused, which before login closes the connection. */
const SESSION: readonly UpstreamName[] = [
  'ping',
  'resume',
  'sync',
  'ack',
  'receipt',
  'chat',
  'presence',
  'presence_subscribe',
  'presence_privacy',
  'typing',
  'receipt_privacy',
  'push_subscribe',
  'push_unsubscribe',
  'group_create',
  'group_member_add',
  'group_member_remove',
  'group_leave',
  'group_update',
  'group_commit',
  'group_info',
  'device_list',
  'block',
  'unblock',
  'block_list',
  'key_exchange',
  'key_bundle_request',
  'key_count',
  'turn_credentials',
  'key_log',
  'key_log_proof',
  'p2p_offer',
  'p2p_answer',
  'p2p_candidate',
  'p2p_bye',
  'file_offer',
  'file_accept',
  'file_decline',
  'file_cancel',
  'file_chunk',
  'file_chunk_request',
  'file_progress',
  'file_status',
];
export const allowedIn: Record<ConnectionState, readonly UpstreamName[]> = {
  hello: ['client_hello'],
  proof: ['client_auth'],
  login: [],
  ready: SESSION,
  closing: [],
};

/** How long the peer may take to finish a close that we started. */
const CLOSING_MS = 5_000;

/** A connection that stays in a state for longer is closed for this reason. */
export function timeoutOf(
  state: ConnectionState,
  handshakeTimeoutMs: number,
): { afterMs: number; reason: CloseReason | 'gone' } {
  switch (state) {
    case 'hello':
    case 'proof':
    case 'login':
      return { afterMs: handshakeTimeoutMs, reason: 'handshake_timeout' };
    case 'ready':
      return { afterMs: PEER_GONE_AFTER_MS, reason: 'heartbeat_missed' };
    case 'closing':
      return { afterMs: CLOSING_MS, reason: 'gone' };
  }
}

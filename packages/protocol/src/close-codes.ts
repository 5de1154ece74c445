/**
 * Why a connection ends. The range alone tells an old client what to do with a new code:
 * 4000–4499 come back (after the server's hint, else by the reconnect ladder), 4500–4999 do not come back
 * by yourself. 1012 is the registered "service restart". On TCP, where there are no close codes, the same
 * number travels in a `goaway` frame before the end of the stream.
 */
export const closeCodes = {
  service_restart: { code: 1012, says: 'this server is going away; come back' },
  slow_consumer: { code: 4002, says: 'you read too slowly; come back and resume' },
  heartbeat_missed: { code: 4003, says: 'nothing was heard from you for too long' },
  rate_limited: { code: 4004, says: 'limits were exceeded persistently' },
  handshake_timeout: { code: 4005, says: 'the login took too long' },
  server_unavailable: { code: 4006, says: 'the server cannot serve you now' },
  connection_limit: { code: 4429, says: 'too many connections; wait for retry_after_ms' },
  authentication_failed: { code: 4501, says: 'the login was refused' },
  protocol_violation: { code: 4502, says: 'the protocol was broken' },
  unsupported_version: { code: 4503, says: 'this protocol version is not served here' },
  replaced: { code: 4504, says: 'a newer connection of this device took over' },
  revoked: { code: 4505, says: 'this device is not served any more' },
} as const satisfies Record<string, { code: number; says: string }>;

export type CloseReason = keyof typeof closeCodes;

/** Whether a client should reconnect by itself after this close code. */
export function mayReconnect(code: number): boolean {
  return code < 4500 || code > 4999;
}

/**
 * Why a connection ends. The range alone tells an old client what to do with a new code: 4000–4499 reconnect (after
 * the server's hint, else by the reconnect ladder), 4500–4999 do not reconnect automatically. 1012 is the registered
 * "service restart". On TCP, which has no close codes, the same number is sent in a `goaway` frame before the end of
 * the stream.
 */
export const closeCodes = {
  service_restart: 1012,
  slow_consumer: 4002,
  heartbeat_missed: 4003,
  rate_limited: 4004,
  handshake_timeout: 4005,
  server_unavailable: 4006,
  connection_limit: 4429,
  authentication_failed: 4501,
  protocol_violation: 4502,
  unsupported_version: 4503,
  replaced: 4504,
  revoked: 4505,
} as const satisfies Record<string, number>;

export type CloseReason = keyof typeof closeCodes;

/** The server's text for each; see `errorTexts`. */
export const closeTexts: Readonly<Record<CloseReason, string>> = {
  service_restart: 'this server is going away; come back',
  slow_consumer: 'you read too slowly; come back and resume',
  heartbeat_missed: 'nothing was heard from you for too long',
  rate_limited: 'limits were exceeded persistently',
  handshake_timeout: 'the login took too long',
  server_unavailable: 'the server cannot serve you now',
  connection_limit: 'too many connections; wait for retry_after_ms',
  authentication_failed: 'the login was refused',
  protocol_violation: 'the protocol was broken',
  unsupported_version: 'this protocol version is not served here',
  replaced: 'a newer connection of this device took over',
  revoked: 'this device is not served any more',
};

/** Whether a client should reconnect automatically after this close code. */
export function mayReconnect(code: number): boolean {
  return code < 4500 || code > 4999;
}

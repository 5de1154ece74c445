/**
 * What gateways and presence must agree on. A status is dropped when not renewed within the lease, so the users of a
 * killed gateway are offline after at most the lease, a look by presence and a publishing turn: within 45 s.
 */
export const PRESENCE_LEASE_MS = 38_000;
/** Two renewals may be lost. */
export const PRESENCE_RENEW_MS = 12_000;

/**
 * How long a gateway is told about the users that its connections watch; it asks again well before, and so learns
 * whom they may still see.
 */
export const WATCH_LEASE_MS = 15 * 60_000;
export const WATCH_RENEW_MS = 5 * 60_000;

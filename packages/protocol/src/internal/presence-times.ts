/**
 * What gateways and presence have to agree on. A status is forgotten when nobody has said it again for the lease, so the people
 * of a killed gateway are offline after at most the lease, a look of presence and a turn of telling: within 45 s.
 */
export const PRESENCE_LEASE_MS = 38_000;
/** Two renewals may get lost. */
export const PRESENCE_RENEW_MS = 12_000;

/** How long a gateway is told of the users that its connections watch; it asks again well before, and so learns whom they may still see. */
export const WATCH_LEASE_MS = 15 * 60_000;
export const WATCH_RENEW_MS = 5 * 60_000;

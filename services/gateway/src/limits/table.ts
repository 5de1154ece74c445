/**
 * Every limit of the gateway on one page: what is counted, for whom, in which window, and what happens when Redis is
 * away. The seed's numbers are defaults of the configuration (`config.ts`); a load test raises them there, no check
 * is ever switched off.
 *
 * | limit                 | for                 | window            | counted in           | Redis away                          |
 * |-----------------------|---------------------|-------------------|----------------------|-------------------------------------|
 * | messages 100          | user                | any 60 s          | Redis, leased        | messages are refused with 2002      |
 * | connections 5         | user                | at once           | Redis (directory)    | allowed, checked again when back    |
 * | connections 100       | address (IPv6: /64) | at once           | Redis and here       | counted here alone                  |
 * | pings                 | connection          | any 10 s          | here                 | –                                   |
 * | lookups               | connection          | any 60 s          | here                 | –                                   |
 * | offences              | connection          | any 60 s          | here                 | –                                   |
 */
export const limits = {
  /** Ten times the heartbeat a client needs. */
  pings: { count: 10, windowMs: 10_000 },
  /** Device lists; enough to open a conversation with somebody new every second. */
  lookups: { count: 60, windowMs: 60_000 },
  /** Faults of form or signature until a connection is ended; a healthy client makes none. */
  faults: { count: 10, windowMs: 60_000 },
  /** Limits run into until the socket is no longer read for a while, and until it is ended. */
  excesses: { count: 10, windowMs: 60_000 },
  persistentExcesses: { count: 100, windowMs: 60_000 },
  /** How long such a socket is not read. */
  excessPauseMs: 5_000,
} as const;

export type LocalLimit = { readonly count: number; readonly windowMs: number };

import { CONVERSATION_WINDOW_MS, GROUP_WINDOW_MS, messageCount } from '@securechat/directory';

/**
 * Every limit of the seed on one page: how much, of what, for whom, in which window, where it is counted, and what
 * happens when Redis is down. The numbers are the defaults of the options in `config.ts`; a load test raises them
 * there, and no check is ever switched off. Bytes are decimal, and those of files count as ciphertext.
 */
export const seedLimits = {
  messages: {
    most: 100,
    of: 'chat messages of one user, over all devices and gateways',
    windowMs: messageCount.windowMs,
    counted: 'Redis, leased for 5 s (message-limit.ts)',
    redisAway: 'refused with 2002: they could not be passed on either',
  },
  connections: {
    most: 5,
    of: 'connections of one user',
    windowMs: 0,
    counted: 'Redis (directory)',
    redisAway: 'allowed, and checked when it is back',
  },
  groupOperations: {
    most: 10,
    of: 'group operations of one user, over all devices and gateways; they are no messages of the user',
    windowMs: GROUP_WINDOW_MS,
    counted: 'Redis, one by one (group-limit.ts)',
    redisAway: 'refused with 2002: who is in a group may not depend on a count that nobody knows',
  },
  groupCommits: {
    most: 100,
    of: 'group_commit of one user, over all devices and gateways; they are neither messages nor group operations',
    windowMs: GROUP_WINDOW_MS,
    counted: 'Redis, one by one (group-limit.ts)',
    redisAway: 'refused with 2002, as group operations',
  },
  /** Their rows stay. With the retention of 30 days, no account alone fills a mailbox with what it begins. */
  conversations: {
    most: 300,
    of: 'conversations that one user begins, over all devices and gateways; they are group operations, too',
    windowMs: CONVERSATION_WINDOW_MS,
    counted: 'Redis, one by one (group-limit.ts); they are forgotten with it',
    redisAway: 'refused with 2002, as group operations',
  },
  globalMessages: {
    most: 10_000,
    of: 'messages and group operations of all users, over all gateways',
    windowMs: 1_000,
    counted: 'Redis, leased for 50 ms and more (global-limit.ts)',
    redisAway: 'each gateway alone: the limit divided by the gateways last seen',
  },
  addressConnections: {
    most: 100,
    of: 'connections from one IPv4 address or IPv6 /64',
    windowMs: 0,
    counted: 'Redis and here (address-limit.ts)',
    redisAway: 'counted here alone',
  },
  bandwidth: {
    most: 1_000_000_000,
    of: 'bytes of frames to and from the clients of one gateway that are logged in',
    windowMs: 60_000,
    counted: 'here (bandwidth.ts): sockets and pages wait, nothing is refused',
    redisAway: 'the same',
  },
  fileBytes: {
    most: 10_000_000,
    of: 'bytes of ciphertext that one user sends and receives, over all devices, sockets and HTTP',
    windowMs: 60_000,
    counted: 'Redis, chunk by chunk (packages/directory/src/file-budget.ts): they wait for their turn',
    redisAway: 'refused with 2002: they could not be passed on either',
  },
  storage: {
    most: 1_000_000_000,
    of: 'bytes of files that one user keeps',
    windowMs: 0,
    counted: 'Postgres, reserved at the offer (services/files/src/store/offers.ts)',
    redisAway: 'the same',
  },
} as const satisfies Record<
  string,
  {
    most: number;
    of: string;
    /** 0: at any instant. */
    windowMs: number;
    counted: string;
    redisAway: string;
  }
>;

/** Limits at the doors that the seed does not have; counted in this process, so they work without Redis. */
export const doorLimits = {
  /** Logins that may start per second in this process; about what one core can take besides its other work. */
  handshakesPerSecond: 300,
  /** Sockets per handshake: a refusal that gives its reason costs a TLS handshake. */
  socketsPerHandshake: 2,
  /** Share of either that one address is guaranteed; it gets more only while half is left. */
  sharePerAddress: 0.1,
  /** Sockets per allowed connection of an address: some are still in the handshake, some are closing. */
  socketsPerConnection: 2,
} as const;

/** Limits per connection that the seed does not have. Counted in this process, so they work without Redis. */
export const limits = {
  /** Ten times the heartbeats a client needs. */
  pings: { count: 10, windowMs: 10_000 },
  /**
   * Device lists, key counts (key packages have limits in auth) and conversation state; enough to open a conversation
   * with someone new every second.
   */
  lookups: { count: 60, windowMs: 60_000 },
  /** `key_log` and `key_log_proof`: following 30,000 entries or looking up 120 new people takes a minute. */
  keyLogs: { count: 120, windowMs: 60_000 },
  /** `block`, `unblock` and `block_list` together; a list of 10,000 takes 50. */
  blocks: { count: 60, windowMs: 60_000 },
  /** `presence`, `presence_subscribe` and `presence_privacy` together: a user's own actions, and changes of contacts. */
  statuses: { count: 30, windowMs: 60_000 },
  /** `p2p_…` together: an offer, its answer and batched candidates are about ten. */
  signals: { count: 120, windowMs: 60_000 },
  /** A client repeats it every few seconds while its user types. */
  typings: { count: 60, windowMs: 60_000 },
  /** Messages about files that carry no chunk; a small file needs four. */
  files: { count: 240, windowMs: 60_000 },
  /** `resume` and `sync` together: each costs pages from Postgres, and an honest client hardly needs a second one. */
  syncs: { count: 60, windowMs: 60_000 },
  /** Faults of form or signature before a connection is closed; a healthy client makes none. */
  faults: { count: 10, windowMs: 60_000 },
  /** Refusals for lack of rights before reading pauses; an honest client meets them where someone has blocked or left. */
  denials: { count: 10, windowMs: 60_000 },
  /** Limits exceeded before reading pauses, and before the connection is closed. */
  excesses: { count: 10, windowMs: 60_000 },
  persistentExcesses: { count: 100, windowMs: 60_000 },
  /** Unknown types, and what came too late, before reading pauses. An honest client sends some, and stays connected. */
  strangers: { count: 200, windowMs: 60_000 },
  /** How long reading pauses. */
  excessPauseMs: 5_000,
} as const;

export type LocalLimit = { readonly count: number; readonly windowMs: number };

import type { Fact } from './facts.ts';

/** What a connection reveals beyond any field. */
export const around = {
  'network address': {
    why: 'the connections and enrolments of an address are limited',
    kept: 'counted in Redis while it has connections, for a day at most; never in Postgres or a log',
  },
  'when somebody connects, speaks and leaves': {
    why: 'a connection has a beginning and an end',
    kept: 'in memory of a gateway, as long as the connection; the last end: as long as the account',
  },
  'size of a frame': {
    why: 'it cannot be hidden from who carries it',
    kept: 'with each pointer in a mailbox, until the device has the message',
  },
  'time of arrival': {
    why: 'for the order of messages, their retention and the sender’s receipt',
    kept: 'with the message',
  },
  'name of the page (Origin)': { why: 'pages of other sites are refused', kept: 'not kept' },
  'which gateway, and the number of the connection': {
    why: 'messages are sent there',
    kept: 'in Redis as long as the connection; in logs, without user or device',
  },
} as const satisfies Record<string, Fact>;

import type { Fact } from './facts.ts';

/** What a connection reveals beyond any field. */
export const around = {
  'network address': {
    why: 'connections and enrolments of an address are limited',
    kept: 'counted in Redis while it has connections, for a day at most; never in Postgres or a log',
  },
  'when somebody connects, speaks and leaves': {
    why: 'a connection has a beginning and an end',
    kept: 'in memory of a gateway, as long as the connection; the last end',
  },
  'size of a frame': {
    why: 'it is carried',
    kept: 'bytes of a mailbox pointer, until the device has the message',
  },
  'time of arrival': { why: 'order, retention and the receipt for the sender', kept: 'with the message' },
  'name of the page (Origin)': { why: 'other sites are refused', kept: 'not kept' },
  'which gateway, and the number of the connection': {
    why: 'messages are sent there',
    kept: 'in Redis as long as the connection; in logs, without user or device',
  },
} as const satisfies Record<string, Fact>;

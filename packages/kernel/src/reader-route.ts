import { isError } from './errors.ts';
import { parseRedisUrl, type RedisNode } from './redis-address.ts';

/** The server answered, only not as hoped: NOGROUP, WRONGTYPE. The connection is good. */
export function isReply(error: unknown): error is Error {
  return isError(error) && error.name === 'ReplyError';
}

/** `MOVED <slot> <host>:<port>`; without a host it is the node that was asked. */
const MOVED = /^-?MOVED \d+ (.*):(\d+)/;

/** The node that a redirection names; undefined for any other error. */
export function movedTo(error: unknown, asked?: RedisNode): RedisNode | undefined {
  const [, host, port] = isReply(error) ? (MOVED.exec(error.message) ?? []) : [];
  return port === undefined ? undefined : { host: host || (asked?.host ?? ''), port: Number(port) };
}

const ELSEWHERE = /^-?(MOVED|CLUSTERDOWN|LOADING|MASTERDOWN)\b/;

/**
 * Which node of a cluster holds what is read: the one that the last redirection named. One that fails is forgotten,
 * and the URL's nodes are tried in turn. A single server has no node and no choice.
 */
export type ReaderRoute = {
  node(): RedisNode | undefined;
  /** The connection is good, but to the wrong node. */
  leadsElsewhere(error: Error): boolean;
  /** Records how a read ended. True when it named another node, which is then the next one. */
  follow(error: unknown): boolean;
};

export function createReaderRoute(url: string): ReaderRoute {
  const address = parseRedisUrl(url);
  const known = address.kind === 'cluster' ? address.nodes : [];
  let asked = 0;
  let named: RedisNode | undefined;
  const node = (): RedisNode | undefined => named ?? known[asked % known.length];

  return {
    node,
    leadsElsewhere: (error) => known.length > 0 && ELSEWHERE.test(error.message),
    follow(error) {
      if (known.length === 0) return false;
      const moved = movedTo(error, node());
      if (moved) {
        named = moved;
        return true;
      }
      if (isReply(error) && !ELSEWHERE.test(error.message)) return false;
      if (named === undefined) asked += 1;
      named = undefined;
      return false;
    },
  };
}

import { connect, Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, type Redis, type RedisOptions } from 'ioredis';
import { withDeadline } from './errors.ts';
import { movedTo } from './reader-route.ts';
import type { RedisAddress, RedisNode } from './redis-address.ts';

type ClusterAddress = Extract<RedisAddress, { kind: 'cluster' }>;

/** Per node; the next one may know. */
const ASK_DEADLINE_MS = 2_000;

/**
 * Options for a connection to the cluster node that holds a key. The node is looked up for each new connection, and a
 * redirected command leads to a new connection, on which it is sent again. For bullmq: all keys of a queue are in one
 * slot, and it copes better with a reconnecting connection than with a cluster that has lost a node. `open` returns a
 * connection to a node, for the lookup; it is connected and closed here.
 */
export function pinnedTo(
  address: ClusterAddress,
  key: string,
  open: (node: RedisNode) => Redis,
): RedisOptions {
  async function nodeOfKey(): Promise<RedisNode> {
    let failure: unknown;
    for (const node of address.nodes) {
      try {
        return await askWhere(open(node), node, key);
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  class Connector extends AbstractConnector {
    constructor(options: unknown) {
      super((options as RedisOptions).disconnectTimeout ?? 0);
    }

    override async connect(): Promise<Socket> {
      this.connecting = true;
      const stream = await nodeOfKey().then(
        ({ host, port }) => (address.login.tls ? connectTls({ host, port }) : connect({ host, port })),
        // a connector that rejects would not be retried, whereas a failed connection is followed by another
        (error: Error) => new Socket().destroy(error),
      );
      stream.once('error', (error) => {
        this.firstError = error;
      });
      if (!this.connecting) {
        stream.destroy();
        throw new Error('Connection is closed.');
      }
      this.stream = stream;
      return stream;
    }
  }
  return {
    ...address.login,
    Connector,
    // 2: reconnect and send the command again
    reconnectOnError: (error) => (movedTo(error) ? 2 : false),
  };
}

/** Any node answers for its own keys and names the right one for others. */
async function askWhere(redis: Redis, node: RedisNode, key: string): Promise<RedisNode> {
  try {
    const asked = redis.connect().then(() => redis.exists(key));
    await withDeadline(asked, ASK_DEADLINE_MS, 'looking up a node');
    return node;
  } catch (error) {
    const named = movedTo(error, node);
    if (named) return named;
    throw error;
  } finally {
    // one that failed has ended by itself
    if (redis.status !== 'end') redis.disconnect();
  }
}

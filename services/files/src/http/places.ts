import { ProtocolError } from '@securechat/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A sixteenth of the connections; ten devices with two transfers each, of three chunks at once, need no more. */
const MOST_PER_USER = 64;
const COME_BACK_MS = 1_000;

/**
 * Concurrent requests per user in this process: an answer lasts as long as its client takes to read it, so slow reads
 * on all connections would leave none to others.
 */
export type Places = {
  /** Throws a ProtocolError when the user has reached the maximum, or the request is over. */
  take(request: FastifyRequest, user: number): void;
  /** Tracks a request that may take a place, before anything is known about it. */
  watch(request: FastifyRequest, reply: FastifyReply): void;
};

export function createPlaces(): Places {
  const taken = new Map<number, number>();
  const owners = new WeakMap<FastifyRequest, number>();
  const over = new WeakSet<FastifyRequest>();

  function leave(request: FastifyRequest): void {
    over.add(request);
    const user = owners.get(request);
    if (user === undefined) return;
    const rest = (taken.get(user) ?? 0) - 1;
    if (rest > 0) taken.set(user, rest);
    else taken.delete(user);
  }

  return {
    take(request, user) {
      // if it closed during authentication, its close event will not come again to free the place
      if (over.has(request)) throw new ProtocolError('CONNECTION_LOST');
      const count = (taken.get(user) ?? 0) + 1;
      if (count > MOST_PER_USER)
        throw new ProtocolError('RATE_LIMITED', { scope: 'file_requests', retry_after_ms: COME_BACK_MS });
      taken.set(user, count);
      owners.set(request, user);
    },
    watch: (request, reply) => void reply.raw.once('close', () => leave(request)),
  };
}

import type { Writable } from 'node:stream';

/**
 * Corks the stream so that all writes of one event-loop turn leave together, after everything that arrived in it was
 * handled. Drivers write each command separately: a system call here and another read at the peer, for each of a
 * dozen statements.
 */
export function gatherWrites(stream: Writable): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  let isGathering = false;
  const release = (): void => {
    isGathering = false;
    stream.uncork();
  };
  stream.write = ((...args: unknown[]) => {
    if (!isGathering) {
      isGathering = true;
      stream.cork();
      setImmediate(release);
    }
    return write(...args);
  }) as Writable['write'];
}

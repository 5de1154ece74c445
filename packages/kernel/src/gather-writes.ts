import type { Writable } from 'node:stream';

/**
 * What one turn of the event loop writes to this stream leaves together, when all that came in with it has been looked at. Drivers write each command
 * by itself: a system call here, and at the other end another read, for each of a dozen statements that are sent at once.
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

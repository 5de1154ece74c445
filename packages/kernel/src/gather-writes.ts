import type { Writable } from 'node:stream';

/**
 * What one turn of the event loop writes to this stream leaves together, behind the promises that are settled in it. Drivers write each command by
 * itself: a system call here, and at the other end another read, for each of a dozen statements that are sent at once.
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
      process.nextTick(release);
    }
    return write(...args);
  }) as Writable['write'];
}

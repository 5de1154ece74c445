import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const SLICE_BYTES = 16 * 1024 * 1024;
/** Longer than anything searched for, so that it is complete in one of two slices. */
const OVERLAP_BYTES = 1024;

/** The memory of a process in pieces, as in a core file: all but its program files. Linux only. */
export function* memoryOf(pid: number): Generator<Buffer> {
  const regions = readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, from, to, permissions = '', inode, name = ''] =
        /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ (\d+)\s*(.*)$/.exec(line) ?? [];
      // some of the kernel's own pages cannot be read
      const isOwn = permissions.startsWith('r') && inode === '0' && !name.startsWith('[v');
      return isOwn ? [{ from: Number(`0x${from}`), to: Number(`0x${to}`) }] : [];
    });
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const { from, to } of regions) {
      for (let at = from; at < to; at += SLICE_BYTES)
        yield readSlice(memory, at, Math.min(to, at + SLICE_BYTES + OVERLAP_BYTES));
    }
  } finally {
    closeSync(memory);
  }
}

/** Skips what has gone since the regions were listed. */
function readSlice(memory: number, from: number, to: number): Buffer {
  const bytes = Buffer.allocUnsafe(to - from);
  try {
    return bytes.subarray(0, readSync(memory, bytes, 0, bytes.length, from));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EIO') return Buffer.alloc(0);
    throw error;
  }
}

import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import type { FileInfo } from '@securechat/client';
import { openFiles } from '@securechat/client/files';
import { say } from '@securechat/testkit';
import { useDevices } from '../client/support/people.ts';
import { useConstellation } from '../support/stack.ts';

const stack = useConstellation({ gateways: 2, deliveries: 1, files: 1 });
const { test } = stack;
const devices = useDevices(stack);

const MIB = 1024 * 1024;
const LARGE = 200 * MIB;
/** So that code, pools and caches are there before anything is compared. */
const SMALL = 20 * MIB;
/**
 * Whoever holds the file would grow by all of it. Garbage that was not collected yet makes a process differ by some dozen MiB from
 * one run to the next, in both directions.
 */
const MOST_GROWTH = 100 * MIB;
const PIECE = new Uint8Array(256 * 1024).fill(7);
const DEADLINE_MS = 900_000;

async function* content(size: number): AsyncGenerator<Uint8Array> {
  for (let left = size; left > 0; left -= PIECE.length) yield PIECE.subarray(0, left);
}

/** Bytes by process: all memory of the services, and of this process what scripts hold. */
function memory(): Record<string, number> {
  const { gateways, files } = stack.constellation;
  const { heapUsed, external } = process.memoryUsage();
  const services = [...gateways, ...files].map(({ name, pid }) => {
    const [, kib = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return [name, Number(kib) * 1024] as const;
  });
  return Object.fromEntries([...services, ['the client', heapUsed + external]]);
}

/** The most of each process while this is under way. */
async function peakDuring(work: Promise<unknown>): Promise<Record<string, number>> {
  const peaks: Record<string, number> = {};
  const look = () => {
    for (const [name, bytes] of Object.entries(memory())) peaks[name] = Math.max(peaks[name] ?? 0, bytes);
  };
  const timer = setInterval(look, 50);
  try {
    await work;
    look();
  } finally {
    clearInterval(timer);
  }
  return peaks;
}

for (const [name, http] of [
  ['over HTTP', true],
  ['by frames', false],
] as const) {
  test(
    `a file of 200 MiB goes ${name} in as much memory as one of 20`,
    async () => {
      const [alice, bob] = [await devices.signUp('alice'), await devices.signUp('bob', { gateway: 1 })];
      const chat = await alice.client.direct(bob.client.me.userId);

      async function thereAndBack(size: number): Promise<void> {
        const from = openFiles(alice.client, { http });
        const { body } = await from.send(chat, { stream: content(size), size }).done;
        let received = 0;
        const sink = new WritableStream<Uint8Array>({
          write(part) {
            if (part.some((byte) => byte !== 7)) throw new Error('something else came out');
            received += part.length;
          },
        });
        await openFiles(bob.client, { http }).receiveInto(body as FileInfo, sink).done;
        expect(received).toBe(size);
        await from.remove((body as FileInfo).fileId);
      }

      const small = await peakDuring(thereAndBack(SMALL));
      const large = await peakDuring(thereAndBack(LARGE));
      const mib = (bytes: number): string => (bytes / MIB).toFixed(0);
      for (const [process, peak] of Object.entries(large)) {
        const before = small[process] ?? 0;
        say(`${name}, ${process}: ${mib(before)} MiB with 20 MiB, ${mib(peak)} with 200 MiB`);
        expect([process, peak - before < MOST_GROWTH]).toEqual([process, true]);
      }
    },
    DEADLINE_MS,
  );
}

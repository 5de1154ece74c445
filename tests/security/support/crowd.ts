import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** A port, and what may be the beginning of something there, in base64; its sockets say one of them each and then nothing. */
export type CrowdDoor = { port: number; begins: readonly string[] };
export type CrowdOrder = { doors: readonly CrowdDoor[]; count: number; addresses: number };

export type CrowdReport = {
  /** Now, and at most at once. */
  open: number;
  most: number;
  came: number;
  /** Never came. */
  failed: number;
  ended: number;
  /** From when a socket was there to when the other side ended it. */
  slowestEndMs: number;
};

export type Crowd = {
  readonly now: CrowdReport;
  /** Resolves when all are gone. */
  gone(): Promise<CrowdReport>;
  stop(): void;
};

/** Sockets from as many addresses of this machine, which are opened and never got any further. */
export function sendCrowd(order: CrowdOrder): Crowd {
  const child = fork(join(import.meta.dirname, 'crowd-process.ts'), { execArgv: [] });
  let now: CrowdReport = { open: 0, most: 0, came: 0, failed: 0, ended: 0, slowestEndMs: 0 };
  child.on('message', (report: CrowdReport) => {
    now = report;
  });
  child.send(order);
  const ended = once(child, 'exit') as Promise<[number | null]>;
  return {
    get now() {
      return now;
    },
    async gone() {
      const [code] = await ended;
      if (code !== 0) throw new Error(`the crowd ended with ${code}, and ${now.open} of it open`);
      return now;
    },
    stop: () => void child.kill('SIGKILL'),
  };
}

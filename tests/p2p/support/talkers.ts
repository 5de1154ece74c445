import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { IceServer, Path } from '@securechat/client/direct';
import { until } from '@securechat/testkit';
import type { Home, Net } from './net.ts';

/** `auth`, `gateway`: sockets of the file system that lead there. */
export type TalkerJob = { userId: string; auth: string; gateway: string; iceServers?: readonly IceServer[] };
export type Order =
  | { do: 'allow'; userId: string }
  | { do: 'send'; userId: string; texts: readonly string[] };
export type Heard = { done: string } | { path: Path } | { text: string; isOwn: boolean; isEarly: boolean };

const PATIENT_MS = 120_000;

/** A person in a home of the net. */
export class Talker {
  readonly userId: string;
  readonly heard: Heard[] = [];
  readonly #child: ChildProcess;

  private constructor(userId: string, child: ChildProcess) {
    this.userId = userId;
    this.#child = child;
    if (child.stdout)
      createInterface({ input: child.stdout }).on('line', (line) => this.heard.push(JSON.parse(line)));
  }

  static async open(net: Net, home: Home, job: TalkerJob): Promise<Talker> {
    const program = join(import.meta.dirname, 'talker.ts');
    const [command, args] = net.inside(home, process.execPath, [program, JSON.stringify(job)]);
    const talker = new Talker(job.userId, spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
    await talker.#done('begin');
    return talker;
  }

  /** What others have said, in the order in which it was told. */
  get texts(): string[] {
    return this.heard.flatMap((heard) => ('text' in heard && !heard.isOwn ? [heard.text] : []));
  }

  get early(): number {
    return this.heard.filter((heard) => 'text' in heard && heard.isEarly).length;
  }

  get path(): Path {
    return this.heard.findLast((heard) => 'path' in heard)?.path ?? 'relay';
  }

  async follow(order: Order): Promise<void> {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    await this.#done(order.do);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.stdin?.end();
    await Promise.race([once(this.#child, 'exit'), once(AbortSignal.timeout(10_000), 'abort')]);
    this.#child.kill('SIGKILL');
  }

  async #done(what: string): Promise<void> {
    const before = this.#count(what);
    await until(
      `${this.userId} has done: ${what}`,
      () => this.#count(what) > before || this.#child.exitCode !== null,
      PATIENT_MS,
    );
    if (this.#child.exitCode !== null) throw new Error(`${this.userId} has ended`);
  }

  #count(what: string): number {
    return this.heard.filter((heard) => 'done' in heard && heard.done === what).length;
  }
}

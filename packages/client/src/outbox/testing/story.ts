import { MemoryDisk } from '../../storage/memory.ts';
import { randomFrom } from '../../testing/random.ts';
import { MortalClient } from './mortal-client.ts';
import { type Frame, RoughConnection, RoughServer } from './rough-server.ts';
import { VirtualClock } from './virtual-clock.ts';

export const MESSAGES = 60;
/** Number of faults; afterwards everything must complete. */
const FAULTS = 120;
const END_MS = 3_600_000;

/** One device and one server, with everything that can go wrong in between. */
export class Story {
  readonly random: () => number;
  readonly clock = new VirtualClock();
  readonly server: RoughServer;
  /** Every frame sent, by the key it was sealed with. */
  readonly frames = new Map<string, string>();
  readonly keysUsedTwice: string[] = [];
  readonly enqueued: string[] = [];
  /** Items reported to the device as durable. */
  readonly durable = new Set<string>();
  disk = new MemoryDisk();
  client!: MortalClient;
  #connection: RoughConnection | undefined;
  #deaths = 0;

  constructor(seed: number) {
    this.random = randomFrom(seed);
    this.server = new RoughServer(this.random);
    this.server.faults = FAULTS;
  }

  async tell(): Promise<void> {
    await this.#live();
    this.#repeat(
      () => 30 + 200 * this.random(),
      () => this.#reconnect(),
    );
    this.#repeat(
      () => 1_500 * this.random(),
      () => this.#somethingHappens(),
    );
    this.#repeat(
      () => 100 * this.random(),
      () => this.#write(),
    );
    while (!this.#isOver() && this.clock.now() < END_MS) {
      await this.clock.tick();
      if (this.client.isDead) await this.#live();
    }
    this.client.outbox.close();
  }

  #isOver(): boolean {
    return this.enqueued.length === MESSAGES && this.client.outbox.waiting() === 0 && this.server.faults <= 0;
  }

  async #live(): Promise<void> {
    this.#connection = undefined;
    const deaths = {
      shouldDie: () => this.server.chance(0.01),
      died: () => {
        this.#deaths++;
        this.#cut();
        this.disk = this.disk.copy();
      },
    };
    this.client = await MortalClient.open(this.disk, { clock: this.clock, random: this.random, deaths });
    this.client.send = (text) => this.#send(text);
  }

  #send(text: string): boolean {
    const { epoch, position } = JSON.parse(text) as Frame;
    const key = `${epoch}.${position}`;
    const before = this.frames.get(key);
    if (before !== undefined && before !== text) this.keysUsedTwice.push(key);
    this.frames.set(key, text);
    this.#connection?.send(text);
    return this.#connection !== undefined;
  }

  #reconnect(): void {
    if (this.#connection) {
      if (this.server.chance(0.05)) this.#cut();
      return;
    }
    const { client } = this;
    this.#connection = new RoughConnection(this.server, this.clock, this.random, (message) => {
      if (!client.isDead) client.outbox.receive(message);
    });
    this.#readLog();
    client.outbox.connected();
  }

  #cut(): void {
    if (this.#connection) this.#connection.isOpen = false;
    this.#connection = undefined;
    this.client.outbox.disconnected();
  }

  #somethingHappens(): void {
    if (this.server.chance(0.2)) this.server.isCommitDue = true;
    if (this.server.chance(0.2)) this.server.commit(`other-${this.server.epoch}`);
    // the mailbox brings it sooner or later
    if (this.#connection) this.#readLog();
  }

  #readLog(): void {
    void this.client.readLog([...this.server.log]);
  }

  #write(): void {
    if (this.enqueued.length === MESSAGES || this.client.isDead) return;
    const number = this.enqueued.length;
    const kind = this.random() < 0.1 ? 'operation' : 'chat';
    const id = `${kind}-${number}`;
    if (kind === 'chat' && this.server.chance(0.05)) this.server.doomed.add(id);
    this.enqueued.push(id);
    void this.client.enqueue(id, kind).then(() => this.durable.add(id));
  }

  #repeat(delayMs: () => number, action: () => void): void {
    this.clock.after(delayMs(), () => {
      action();
      this.#repeat(delayMs, action);
    });
  }

  get deaths(): number {
    return this.#deaths;
  }
}

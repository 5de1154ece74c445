import { expect, test } from '@jest/globals';
import type { Downstream } from '@securechat/protocol';
import fc from 'fast-check';
import { VirtualClock } from '../outbox/testing/virtual-clock.ts';
import { fromBytes, toBytes } from '../storage/json.ts';
import { MemoryDisk, openMemoryStore } from '../storage/memory.ts';
import type { Change, Store } from '../storage/store.ts';
import { FakeClock, settled } from '../testing/fake-clock.ts';
import { randomFrom } from '../testing/random.ts';
import { Inbox } from './inbox.ts';
import { MailboxServer } from './testing/mailbox-server.ts';

const LETTERS = 60;
const FAULTS = 60;

/** A device whose process dies at writes, and its mailbox. Effects are counted in its store. */
class Story {
  readonly clock = new VirtualClock();
  readonly server: MailboxServer;
  readonly faults: string[] = [];
  readonly restores: boolean;
  delivered = 0;
  deaths = 0;
  disk = new MemoryDisk();
  inbox!: Inbox;
  #isDead = false;
  #life = 0;
  #isConnected = false;
  readonly #random: () => number;

  constructor(random: () => number, restores: boolean) {
    this.#random = random;
    this.restores = restores;
    this.server = new MailboxServer(random);
    this.server.faults = FAULTS;
  }

  async tell(): Promise<void> {
    await this.#live();
    while (this.clock.now() < 3_600_000) {
      await this.#happen();
      await this.clock.pass(this.#random() < 0.1 ? 5_100 : 5);
      if (this.#isDead) await this.#live();
      const cursor = this.#durable();
      if (this.delivered === LETTERS && this.server.faults <= 0 && cursor.seq === this.server.through) break;
    }
    this.inbox.close();
  }

  async #happen(): Promise<void> {
    if (!this.#isConnected) {
      this.#isConnected = true;
      this.server.connect();
      this.inbox.connected();
    } else if (this.server.chance(0.05)) this.#cut();
    if (this.restores && this.server.chance(0.03)) {
      this.server.restore();
      this.#cut();
    }
    if (this.delivered < LETTERS) {
      const id = String(++this.delivered);
      if (this.#random() < 0.1 && this.delivered % 7 === 0) this.server.expired.add(id);
      this.#receive(this.server.deliver(id));
    }
  }

  #cut(): void {
    this.#isConnected = false;
    this.server.connect();
    this.inbox.disconnected();
  }

  #receive(messages: readonly Downstream[]): void {
    for (const message of messages) {
      if (!this.#isConnected) return;
      this.inbox.receive(message);
      // a push may be repeated on the same connection
      if (message.type === 'chat' && this.server.chance(0.1)) this.inbox.receive(message);
    }
  }

  #send(frame: Uint8Array): boolean {
    if (!this.#isConnected) return false;
    const { answers, acknowledged } = this.server.receive(frame);
    const { seq, epoch } = this.#durable();
    if (acknowledged > seq && epoch === this.server.life)
      this.faults.push(`acknowledged ${acknowledged}, has ${seq}`);
    const life = this.#life;
    this.clock.after(5 * this.#random(), () => {
      if (life === this.#life) this.#receive(answers);
    });
    return true;
  }

  async #live(): Promise<void> {
    this.#isDead = false;
    this.#isConnected = false;
    const life = ++this.#life;
    const memory = await openMemoryStore(this.disk);
    const store: Store = Object.assign(Object.create(memory), {
      get: (key: string) => memory.get(key),
      write: (changes: readonly Change[]) => this.#write(memory, changes),
    });
    this.inbox = await Inbox.open({
      store,
      clock: this.clock,
      send: (frame) => life === this.#life && this.#send(frame),
      trouble: (error) => this.faults.push(String(error)),
      consumer: {
        take: async ({ delivery }, commit) => {
          const key = `effect/${delivery.server_ts_ms}.${delivery.conv_seq}`;
          const before = await memory.get(key);
          const times = before ? fromBytes<number>(before) : 0;
          await commit([{ put: key, value: toBytes(times + 1) }]);
        },
        watermarks: async () => undefined,
        gap: () => undefined,
        caughtUp: () => undefined,
      },
    });
  }

  async #write(memory: Store, changes: readonly Change[]): Promise<void> {
    await this.#mayDie();
    await memory.write(changes);
    await this.#mayDie();
  }

  async #mayDie(): Promise<void> {
    if (!this.#isDead && this.server.chance(0.03)) {
      this.#isDead = true;
      this.deaths++;
      this.disk = this.disk.copy();
      this.#isConnected = false;
      this.inbox.disconnected();
    }
    if (this.#isDead) await new Promise(() => undefined);
  }

  #durable(): { seq: number; epoch?: number } {
    const bytes = this.disk.get('inbox/cursor');
    return bytes ? fromBytes(bytes) : { seq: 0 };
  }

  /** How often each letter took effect in each life of the server, as `life.number`. */
  effects(): Map<string, number> {
    const keys = this.disk.keys('effect/', 'effect0');
    return new Map(keys.map((key) => [key.slice(7), fromBytes<number>(this.disk.get(key) ?? toBytes(0))]));
  }
}

test.each([
  ['holes, repetitions and deaths', false],
  ['restores of the server from a backup too', true],
])(
  'with %s, every letter takes effect once in each life of the server, and is acknowledged only afterwards',
  async (_, restores) => {
    let deaths = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const story = new Story(randomFrom(seed), restores);
        await story.tell();
        const effects = story.effects();
        expect(story.faults).toEqual([]);
        expect([...effects.values()].filter((times) => times !== 1)).toEqual([]);
        const arrived = new Set([...effects.keys()].map((key) => key.split('.')[1]));
        const all = Array.from({ length: LETTERS }, (_, index) => String(index + 1));
        expect(all.filter((id) => !arrived.has(id) && !story.server.expired.has(id))).toEqual([]);
        deaths += story.deaths;
      }),
      { numRuns: 12 },
    );
    expect(deaths).toBeGreaterThan(5);
  },
  120_000,
);

test('an inbox that is closed while it waits to try something again plans nothing more', async () => {
  const clock = new FakeClock();
  const failing = { take: () => Promise.reject(new Error('not now')), watermarks: async () => undefined };
  const inbox = await Inbox.open({
    ...{ store: await openMemoryStore(), clock, send: () => true, trouble: () => undefined },
    consumer: { ...failing, gap: () => undefined, caughtUp: () => undefined },
  });
  inbox.connected();
  const item = { type: 'chat', delivery: { seq: 1, conv_seq: 1, server_ts_ms: 1 } } as Downstream<'chat'>;
  inbox.receive({ type: 'sync_page', items: [item], through: 1, more: false, mailbox_epoch: 1 });
  await settled();
  expect(clock.planned).toBe(1);
  inbox.close();
  await settled();
  expect(clock.planned).toBe(0);
});

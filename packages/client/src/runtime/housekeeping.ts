import { joinKey } from '../conversations/contents/join.ts';
import { toldKey } from '../conversations/contents/own.ts';
import type { Outsider } from '../conversations/core.ts';
import { outsideKey } from '../conversations/incoming/outside.ts';
import { removeExpired } from '../conversations/timeline/expiry.ts';
import type { OwnMarks } from '../conversations/view/own-marks.ts';
import type { Reading } from '../conversations/view/read.ts';
import type { Conversations } from './conversations.ts';
import type { Devices } from './devices.ts';
import { settleReceiptPrivacy } from './receipt-privacy.ts';
import type { Runtime } from './runtime.ts';

/** Expired messages are shown at most this much longer. */
const EXPIRY_MS = 1_000;
/** Retry delays: a new device may take a while to log in first. */
const DEVICES_AGAIN_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000] as const;
/** Reading moves the mark with every line; other own devices learn of it this much later. */
const OWN_MARKS_MS = 2_000;
/** How often to check whether this device has to ask to be added somewhere. */
const OUTSIDE_MS = 600_000;

/** Periodic work while the client is connected or open. */
export class Housekeeping {
  readonly #runtime: Runtime;
  readonly #conversations: Conversations;
  readonly #devices: Devices;
  readonly #reading: Reading;
  readonly #ownMarks: OwnMarks;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #isRunning = false;
  #watching: Promise<void> | undefined;
  #settling: ReturnType<typeof setTimeout> | undefined;

  constructor(
    runtime: Runtime,
    conversations: Conversations,
    devices: Devices,
    { reading, ownMarks }: { reading: Reading; ownMarks: OwnMarks },
  ) {
    this.#runtime = runtime;
    this.#conversations = conversations;
    this.#devices = devices;
    this.#reading = reading;
    this.#ownMarks = ownMarks;
    runtime.on('caughtUp', () => this.#caughtUp());
  }

  get sharesReading(): boolean | undefined {
    return this.#ownMarks.sharesReading;
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#every(EXPIRY_MS, () => removeExpired(this.#runtime.core));
    this.#every(OUTSIDE_MS, () => this.#comeIn());
    this.#every(OWN_MARKS_MS, () => this.#ownMarks.tell());
    if (this.#runtime.core.settings.dummiesPerHour > 0)
      this.#runtime.background(
        dummies().then(({ sayNothing }) => sayNothing(this.#runtime, this.#conversations)),
      );
  }

  stop(): void {
    this.#isRunning = false;
    clearTimeout(this.#settling);
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** Connected, and the mailbox is read. */
  #caughtUp(): void {
    if (!this.#isRunning) return;
    this.#watching ??= import('../key-log/watch.ts').then(({ watchKeyLog }) => watchKeyLog(this.#runtime));
    this.#runtime.background(this.#runtime.refill());
    for (const { id } of this.#runtime.core.registry.all()) this.#reading.tellRead(id);
    void this.settleDevices();
    this.lettingIn(undefined);
    this.#runtime.background(this.#settleReceipts());
    this.#runtime.background(this.#learnBlocked());
  }

  async #settleReceipts(): Promise<void> {
    this.#ownMarks.sharesReading = await settleReceiptPrivacy(this.#runtime.core);
  }

  async #learnBlocked(): Promise<void> {
    await (await import('../conversations/view/blocking.ts')).learnBlocked(this.#runtime.core);
  }

  /** Adds a device that asks for it; without one, asks for this device where due. */
  lettingIn(outsider: Outsider | undefined): void {
    const { core } = this.#runtime;
    this.#runtime.background(
      outsider ? outside().then(({ letIn }) => letIn(core, outsider)) : this.#comeIn(),
    );
  }

  async #comeIn(): Promise<void> {
    const { core, connection } = this.#runtime;
    const isAny = async (prefix: string) => (await core.store.list(prefix, { limit: 1 })).length > 0;
    // the sweeping code is part of history, which is not loaded needlessly
    if (await isAny('transfer-begun/')) await (await import('../history/index.ts')).sweepTransfers(core);
    if (await isAny(toldKey(''))) this.#devices.told();
    if (await isAny(joinKey('')))
      await (await import('../group-links/take.ts')).takeJoins(core, this.#conversations);
    if (!(await isAny(outsideKey(''))) || connection.state !== 'connected') return;
    await (await outside()).comeIn(this.#runtime, this.#conversations);
  }

  /** Adds own devices to all conversations; retries later where that was not possible. Never rejects. */
  async settleDevices(attempt = 0): Promise<void> {
    clearTimeout(this.#settling);
    if (!this.#isRunning) return;
    const work = this.#devices.settle();
    this.#runtime.background(work);
    const isLeft = await work.catch(() => true);
    if (isLeft) this.#again(attempt);
  }

  #again(attempt: number): void {
    if (!this.#isRunning) return;
    const delayMs = DEVICES_AGAIN_MS[attempt];
    if (delayMs !== undefined)
      this.#settling = setTimeout(() => void this.settleDevices(attempt + 1), delayMs);
  }

  #every(ms: number, work: () => Promise<unknown>): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const again = work().finally(() => {
        if (this.#isRunning) this.#every(ms, work);
      });
      this.#runtime.background(again);
    }, ms);
    this.#timers.add(timer);
  }
}

/** Loaded only with the option `traffic`. */
const dummies = () => import('./dummies.ts');
/** Loaded on first use: welcomes rarely fail to open. */
const outside = () => import('./outside.ts');

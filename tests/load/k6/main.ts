// Bundled by ../main.ts and run by k6: each virtual user is a unit of a scenario, with all of its devices, so that it sees what
// it sends arrive.
import './missing.ts';
import { SharedArray } from 'k6/data';
import exec from 'k6/execution';
import { Counter, Trend } from 'k6/metrics';
import type { LoadData, Unit } from '../plan.ts';
import { Device, type Events } from './device.ts';

const options_ = JSON.parse(__ENV.LOAD_OPTIONS ?? '{}') as {
  thresholds: Record<string, string[]>;
  counts: number[];
};
const { seconds } = JSON.parse(open(`${__ENV.LOAD_FOLDER}/run.json`)) as Pick<LoadData, 'seconds'>;
const parts = options_.counts.map(
  (_, index) =>
    new SharedArray<Unit>(
      `part ${index}`,
      () => JSON.parse(open(`${__ENV.LOAD_FOLDER}/part-${index}.json`)) as Unit[],
    ),
);

/** Everybody gets in first, so that what is measured is not the rush of the beginning. */
const LOGIN_MS = 60_000;
/** For what is under way at the end, which is not waited for when it has come. */
const SETTLE_MS = 20_000;
const POLL_MS = 100;

export const options = {
  thresholds: options_.thresholds,
  scenarios: Object.fromEntries(
    options_.counts.map((count, index) => [
      `part_${index}`,
      {
        executor: 'per-vu-iterations',
        vus: count,
        iterations: 1,
        exec: 'unit',
        env: { LOAD_PART: String(index) },
        maxDuration: `${seconds + (LOGIN_MS + 2 * SETTLE_MS) / 1000}s`,
        gracefulStop: '10s',
      },
    ]),
  ),
};

const logins = new Counter('logins');
const login = new Trend('login_ms', true);
const toAck = new Trend('send_to_ack_ms', true);
const toDeliver = new Trend('send_to_deliver_ms', true);
const drain = new Trend('drain_ms', true);
const sent = new Counter('sent');
const acked = new Counter('acked');
const delivered = new Counter('delivered');
const lost = new Counter('lost');
const faults = new Counter('faults');

export function unit(): void {
  const part = parts[Number(__ENV.LOAD_PART)];
  const mine = part?.[exec.scenario.iterationInTest];
  if (!mine) throw new Error('there are fewer units than virtual users');
  // thresholds look at what was counted, so also at what was not
  lost.add(0);
  faults.add(0);
  new Run(mine).start();
}

/** Sends what a unit has to send at even intervals, and counts what becomes of it. */
class Run {
  readonly #unit: Unit;
  readonly #devices = new Map<number, Device>();
  readonly #sentAt = new Map<string, number>();
  #acks = 0;
  #arrivals = 0;
  #cameBackMs = 0;

  constructor(mine: Unit) {
    this.#unit = mine;
  }

  start(): void {
    const { kind, devices } = this.#unit;
    const present = kind === 'offline' ? devices.length - 1 : devices.length;
    this.#openUpTo(present, 0);
  }

  /** One after the other: k6 signs slowly, and a login has to be done within seconds. */
  #openUpTo(present: number, index: number): void {
    this.#open(index, () =>
      index + 1 < present ? this.#openUpTo(present, index + 1) : this.#everybodyIsThere(),
    );
  }

  #open(index: number, caughtUp: () => void): void {
    const { url, devices } = this.#unit;
    const identity = devices[index];
    if (!identity) return;
    const events: Events = {
      ready(ms) {
        logins.add(1);
        login.add(ms);
      },
      caughtUp,
      ack: (id) => this.#acked(id),
      chat: (id) => this.#arrived(id),
      fault(what) {
        faults.add(1);
        console.error(what);
      },
    };
    this.#devices.set(index, new Device(url, identity, events));
  }

  #everybodyIsThere(): void {
    const { sends } = this.#unit;
    const everyMs = (seconds * 1000) / Math.max(1, sends.length);
    // not all units at once
    const beginMs = Math.random() * everyMs;
    sends.forEach(({ by, id, json }, index) => {
      setTimeout(
        () => {
          this.#sentAt.set(id, Date.now());
          sent.add(1);
          this.#devices.get(by)?.sendSigned(json);
        },
        beginMs + index * everyMs,
      );
    });
    setTimeout(() => this.#settle(() => this.#afterwards()), seconds * 1000);
  }

  /** Until all that those who are there wait for has come. */
  #settle(then: () => void): void {
    const untilMs = Date.now() + SETTLE_MS;
    const timer = setInterval(() => {
      if (this.#missing() > 0 && Date.now() < untilMs) return;
      clearInterval(timer);
      then();
    }, POLL_MS);
  }

  /** Acks and arrivals at those who are there. */
  #missing(): number {
    const { sends } = this.#unit;
    return sends.length * this.#devices.size - this.#acks - this.#arrivals;
  }

  #acked(id: string): void {
    const at = this.#sentAt.get(id);
    if (at === undefined) return;
    this.#acks++;
    acked.add(1);
    toAck.add(Date.now() - at);
  }

  #arrived(id: string): void {
    const at = this.#sentAt.get(id);
    if (at === undefined) return;
    this.#arrivals++;
    delivered.add(1);
    if (this.#unit.kind !== 'offline') toDeliver.add(Date.now() - at);
  }

  #afterwards(): void {
    if (this.#unit.kind !== 'offline') return this.#end();
    this.#cameBackMs = Date.now();
    this.#open(this.#unit.devices.length - 1, () => {
      drain.add(Date.now() - this.#cameBackMs);
      this.#end();
    });
  }

  /** Whatever was sent has come back as an ack, and to everybody else. */
  #end(): void {
    lost.add(this.#missing());
    for (const device of this.#devices.values()) device.close();
  }
}

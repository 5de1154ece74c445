// What the parent and the load generator tell each other.
import type { ByProcess, Pids } from '../measure/processes.ts';
import type { Window } from '../measure/window.ts';
import type { Target } from './drivers/driver.ts';

export type Job = Target & {
  workload: WorkloadName;
  pids: Pids;
  /** How long to measure. */
  seconds: number;
  /** Before measuring: connections, caches and compilers settle. */
  warmUpSeconds: number;
  /** How long to wait for a quiet machine before measuring. */
  quietSeconds: number;
  users: number;
  /** Only `rate`. */
  messagesPerSecond: number;
  /** Only `idle`. */
  connections: number;
};

export type Milliseconds = { p50: number; p99: number };

/** Over the whole run, warm-up included. All but the first three must be 0. */
export type Counts = {
  sent: number;
  acked: number;
  delivered: number;
  /** Acked to the sender and never received. */
  lost: number;
  /** Received as two messages. */
  doubled: number;
  /** Neither acked nor refused. */
  unanswered: number;
  /** Received although their place in the mailbox did not follow. */
  disordered: number;
  errors: number;
};

export type ChatResult = {
  window: Window;
  /** Acked and delivered within the window. */
  messages: number;
  ackMs: Milliseconds;
  deliverMs: Milliseconds;
  counts: Counts;
  /** Sent again by the server; clients drop them. Not a fault. */
  again: number;
  /** Receipts that reached the senders. */
  receipts: number;
  /** Messages that had to be made while measuring; they cost the generator, not the system. */
  madeLate: number;
  firstError: string | undefined;
};

export type IdleResult = {
  connections: number;
  /** Connecting and logging in. */
  login: Window;
  idle: Window;
  /** Growth by all connections, KiB. */
  memoryKib: ByProcess;
};

export type OfflineResult = {
  messages: number;
  store: Window;
  drain: Window;
  counts: Counts;
  firstError: string | undefined;
};

export type GroupResult = {
  window: Window;
  /** Acked, and received by all others, within the window. */
  messages: number;
  /** What members received within the window. */
  deliveries: number;
  deliverMs: Milliseconds;
  counts: Counts;
  firstError: string | undefined;
};

export type Results = {
  full: ChatResult;
  rate: ChatResult;
  idle: IdleResult;
  offline: OfflineResult;
  group: GroupResult;
};
export type WorkloadName = keyof Results;
export type Outcome = { ok: true; result: Results[WorkloadName] } | { ok: false; error: string };

import { writeFileSync } from 'node:fs';

/**
 * What happened, as the clients saw it. Devices are named by address (`alice:phone`); a message is named by
 * the sending device and its id. `info` means that nobody knows whether it happened; it never counts as failed.
 */
export type HistoryEvent =
  | { type: 'conversation'; conversation_id: string; devices: readonly string[] }
  | { type: 'send'; phase: 'invoke'; device: string; id: string; conversation_id: string; sha256: string }
  | {
      type: 'send';
      phase: 'ok';
      device: string;
      id: string;
      conversation_id: string;
      client_seq: number;
      conv_seq: number;
      dup: boolean;
    }
  | { type: 'send'; phase: 'fail'; device: string; id: string; conversation_id: string; error: string }
  | { type: 'send'; phase: 'info'; device: string; id: string; conversation_id: string }
  /** The same message went out once more, because its answer did not come or asked for that. */
  | { type: 'send'; phase: 'again'; device: string; id: string; conversation_id: string }
  | Arrival
  | { type: 'device-ack'; device: string; through: number }
  | {
      type: 'receipt';
      device: string;
      conversation_id: string;
      user_id: string;
      delivered_through: number;
      read_through: number;
    };

export type Arrival = {
  type: 'recv';
  /** The device that received it. */
  device: string;
  /** The device that sent it. */
  from: string;
  id: string;
  conversation_id: string;
  seq: number;
  conv_seq: number;
  client_seq: number;
  sha256: string;
  /** The device had this mailbox sequence before and dropped it now. */
  again: boolean;
};

/** `at_ms` never jumps and orders the events; `wall_ms` is for comparing with logs. */
export type Recorded = HistoryEvent & { at_ms: number; wall_ms: number };

/** Shared by the clients of one run, so that its order is the order in which things were seen. */
export class History {
  readonly events: Recorded[] = [];

  add(event: HistoryEvent): void {
    this.events.push({ ...event, at_ms: performance.now(), wall_ms: Date.now() });
  }

  /** One JSON object per line. */
  writeTo(path: string): void {
    writeFileSync(path, this.events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  }
}

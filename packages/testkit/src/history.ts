import { writeFileSync } from 'node:fs';

/**
 * What happened, as the clients saw it. Devices are named by address (`alice:phone`), messages by sending device and id. `info` means
 * that nobody knows whether it happened; it never counts as failed.
 */
export type HistoryEvent =
  | { type: 'conversation'; conversation_id: string; devices: readonly string[] }
  /**
   * Devices that an operation at this place added (they get it) and removed (it is the last they get). `acked`: its sender was told so;
   * otherwise a device has received it.
   */
  | {
      type: 'membership';
      conversation_id: string;
      conv_seq: number;
      added: readonly string[];
      removed: readonly string[];
      acked: boolean;
    }
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
  /** The same message was sent again, because no answer came or the answer asked for it. */
  | { type: 'send'; phase: 'again'; device: string; id: string; conversation_id: string }
  | Arrival
  /** The device was told that it does not get this many messages of the conversation, up to this place. */
  | { type: 'truncated'; device: string; conversation_id: string; through: number; dropped: number }
  /** Something other than a chat, such as a group operation, took this place of the mailbox. */
  | { type: 'place'; device: string; conversation_id: string; seq: number; conv_seq: number }
  /** A page said that nothing will arrive for these places of the mailbox. */
  | { type: 'hole'; device: string; from: number; through: number }
  | { type: 'device-ack'; device: string; through: number }
  | {
      type: 'receipt';
      device: string;
      conversation_id: string;
      user_id: string;
      delivered_through: number;
      read_through: number;
    }
  | { type: 'connection'; phase: 'up'; device: string }
  /** A connection ended, or an attempt failed; `why` is for readers of the history. */
  | { type: 'connection'; phase: 'down' | 'failed'; device: string; why: string }
  /** The server refused something of this device; `about` is the id it names, if any. */
  | {
      type: 'error';
      device: string;
      error: string;
      says: string;
      about?: string;
      conversation_id?: string;
      scope?: string;
    }
  /** The device will not reconnect: the server said so, or refused its login for good. */
  | { type: 'gave-up'; device: string; why: string }
  /** What a fault test does to the system, for readers of the history. */
  | { type: 'fault'; phase: 'start' | 'stop'; nemesis: string; what: string };

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
  /** The device had received this mailbox sequence before, and dropped the repetition. */
  again: boolean;
};

/** `at_ms` never jumps and orders the events; `wall_ms` is for comparison with logs. */
export type Recorded = HistoryEvent & { at_ms: number; wall_ms: number };

/** Shared by the clients of one run, so that its order is the order of observation. */
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

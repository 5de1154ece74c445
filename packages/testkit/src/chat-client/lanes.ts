import type { Downstream } from '@securechat/protocol';
import { Lane } from './outbox.ts';
import type { Recorder } from './recorder.ts';

export type LanesEvents = {
  /** Returns false without a connection. */
  transmit(frame: Uint8Array): boolean;
  /** Nothing is sent there until the keys have changed. */
  commitRequired(conversationId: string, error: Downstream<'error'>): void;
};

/** The outboxes of one device, one lane per conversation. Survives connections. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #events: LanesEvents;
  readonly #recorder: Recorder;
  readonly #options: { ackTimeoutMs?: number };

  constructor(events: LanesEvents, recorder: Recorder, options: { ackTimeoutMs?: number }) {
    this.#events = events;
    this.#recorder = recorder;
    this.#options = options;
  }

  of(conversationId: string): Lane {
    const lane = this.#lanes.get(conversationId) ?? this.#create(conversationId);
    this.#lanes.set(conversationId, lane);
    return lane;
  }

  #create(conversationId: string): Lane {
    const recorder = this.#recorder;
    return new Lane(
      {
        transmit: (frame) => this.#events.transmit(frame),
        commitRequired: (error) => this.#events.commitRequired(conversationId, error),
        repeated: (item) => item.seal && recorder.outcome('again', conversationId, item),
        stored: (item, ack) => item.seal && recorder.stored(ack, item.clientSeq),
        refused: (item, { error_code }) =>
          item.seal && recorder.outcome('fail', conversationId, item, error_code),
      },
      this.#options,
    );
  }

  /** Number of unanswered items. */
  get waiting(): number {
    return [...this.#lanes.values()].reduce((sum, lane) => sum + lane.waiting.length, 0);
  }

  reconnected(): void {
    for (const lane of this.#lanes.values()) lane.reconnected();
  }

  /** Returns true when it was for a waiting item. */
  acknowledge(ack: Downstream<'ack'>): boolean {
    return this.#lanes.get(ack.conversation_id)?.acknowledge(ack) ?? false;
  }

  /** The conversation of the message that the error concerns, if it is one of ours. */
  refuse(error: Downstream<'error'>): string | undefined {
    if (error.error_code === 'UNKNOWN_TYPE')
      for (const lane of this.#lanes.values()) lane.operationsUnknown(error);
    return [...this.#lanes].find(([, lane]) => lane.refuse(error))?.[0];
  }

  /** The outcome of what waits will never be known; for messages, that is recorded. */
  abandon(reason: Error): void {
    for (const [conversationId, lane] of this.#lanes) {
      for (const item of lane.abandon(reason)) {
        // a test may have left it unawaited
        item.settle.promise.catch(() => undefined);
        if (item.seal) this.#recorder.outcome('info', conversationId, item);
      }
    }
  }
}

import type { Downstream } from '@securechat/protocol';

/** What a message is sealed for. */
type SealedFor = { clientSeq: number; epoch: number; generation: number };

/** One message of ours until it has a definitive answer. */
export type Outgoing = {
  readonly id: string;
  /** Absent for an operation that is outside the sender's sequence, as `group_create` is. */
  readonly seal: ((place: SealedFor) => Uint8Array) | undefined;
  clientSeq: number;
  epoch: number;
  /** What is sent, again and again, until the server's answer allows another sealing. */
  frame: Uint8Array;
  /**
   * What the server said of these bytes. `place`: not under this number now, though they may still be stored when they are under
   * way once more. `form`: never, as their epoch is over.
   */
  refused: 'place' | 'form' | undefined;
  /** By the monotonic clock, of the transmission that waits for its answer; undefined when it has to go out. */
  sentAtMs: number | undefined;
  transmissions: number;
  refusals: number;
  readonly settle: PromiseWithResolvers<Downstream<'ack'>>;
};

/** The server refused a message for good. */
export class SendRefused extends Error {
  override readonly name = 'SendRefused';
  readonly answer: Downstream<'error'>;

  constructor(answer: Downstream<'error'>) {
    super(`refused: ${answer.error_code} (${answer.code}), ${answer.error_message}`);
    this.answer = answer;
  }
}

import type { Downstream } from '@securechat/protocol';

/** The position and keys that a message is sealed for. */
type SealedFor = { clientSeq: number; epoch: number; generation: number };

/** An own message until its definitive answer. */
export type Outgoing = {
  readonly id: string;
  /** Absent for an operation outside the sender's numbering, such as `group_create`. */
  readonly seal: ((place: SealedFor) => Uint8Array) | undefined;
  clientSeq: number;
  epoch: number;
  generation: number;
  /** The bytes sent, repeated until the server's answer allows resealing. */
  frame: Uint8Array;
  /**
   * The server's verdict on these bytes. `place`: not with this number now, though they may still get stored when sent again. `form`:
   * never, as their epoch is over.
   */
  refused: 'place' | 'form' | undefined;
  /** Monotonic time of the transmission awaiting its answer; undefined when it has to be sent. */
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

import type { Downstream } from '@securechat/protocol';
import type { History } from '../history.ts';
import type { ConnectionEnd } from '../raw-client.ts';
import type { movedBy, Operation } from './group-log.ts';
import type { Outgoing } from './outgoing.ts';

/** Records in the history what one device sends and is answered. Its mailbox records what it receives. */
export class Recorder {
  readonly #history: History;
  readonly #device: string;

  constructor(history: History, device: string) {
    this.#history = history;
    this.#device = device;
  }

  connected(): void {
    this.#history.add({ type: 'connection', phase: 'up', device: this.#device });
  }

  /** `end` is undefined when the connection was closed because of a fault on our side. */
  disconnected(end: ConnectionEnd | undefined): void {
    const why = end ? `${end.code} ${end.reason}` : 'a fault of ours';
    this.#history.add({ type: 'connection', phase: 'down', device: this.#device, why });
  }

  notConnected({ message: why }: Error): void {
    this.#history.add({ type: 'connection', phase: 'failed', device: this.#device, why });
  }

  gaveUp({ message: why }: Error): void {
    this.#history.add({ type: 'gave-up', device: this.#device, why });
  }

  invoked(conversation_id: string, id: string, sha256: string): void {
    this.#history.add({ type: 'send', phase: 'invoke', device: this.#device, id, conversation_id, sha256 });
  }

  stored({ ref: id, conversation_id, conv_seq, dup }: Downstream<'ack'>, client_seq: number): void {
    const subject = { device: this.#device, id, conversation_id };
    this.#history.add({ type: 'send', phase: 'ok', ...subject, client_seq, conv_seq, dup: dup ?? false });
  }

  /** For messages only; the history records no operations as sends. */
  outcome(phase: 'fail' | 'info' | 'again', conversation_id: string, { id }: Outgoing, error = ''): void {
    const subject = { device: this.#device, id, conversation_id };
    this.#history.add(
      phase === 'fail' ? { type: 'send', phase, ...subject, error } : { type: 'send', phase, ...subject },
    );
  }

  /** `conversation`: that of our message which the error concerns. */
  error(
    { error_code: error, error_message: says, reference_id: about, scope }: Downstream<'error'>,
    conversation?: string,
  ): void {
    this.#history.add({
      ...{ type: 'error', device: this.#device, error, says },
      ...(about === undefined ? {} : { about }),
      ...(conversation === undefined ? {} : { conversation_id: conversation }),
      ...(scope === undefined ? {} : { scope }),
    });
  }

  membership(
    operation: Operation,
    { added, removed }: ReturnType<typeof movedBy>,
    { convSeq: conv_seq, acked }: { convSeq: number; acked: boolean },
  ): void {
    const { conversation_id } = operation;
    if (operation.type === 'group_create' && !operation.replaces) {
      this.#history.add({ type: 'conversation', conversation_id, devices: operation.added_devices });
      return;
    }
    if (added.length + removed.length === 0) return;
    this.#history.add({ type: 'membership', conversation_id, conv_seq, added, removed, acked });
  }
}

import {
  type Downstream,
  encodeUpstream,
  type GroupOperationName,
  type Upstream,
} from '@securechat/protocol';
import { operationDigest } from '../group-operation.ts';
import { GroupLog, movedBy, type Operation } from './group-log.ts';
import type { Lanes } from './lanes.ts';
import type { Recorder } from './recorder.ts';

/** `peer`: the address for messages, the other user or the group. */
export type Conversation = { readonly id: string; readonly peer: string };

/**
 * The conversations of one device, each with its operation log: others' operations as they arrive, own ones once stored. The sender does
 * not receive its own operation back, so its ack, or the next operation in the log, brings it in.
 */
export class Conversations {
  readonly known = new Map<string, Conversation>();
  readonly #userId: string;
  readonly #lanes: Lanes;
  readonly #recorder: Recorder;
  readonly #logs = new Map<string, GroupLog>();
  readonly #operationIds = new Set<string>();
  /** Own operations in flight, by the hash that the next one would name. */
  readonly #under = new Map<string, Upstream<GroupOperationName>>();

  constructor(userId: string, lanes: Lanes, recorder: Recorder) {
    this.#userId = userId;
    this.#lanes = lanes;
    this.#recorder = recorder;
  }

  remember(conversation: Conversation): Conversation {
    this.known.set(conversation.id, conversation);
    return conversation;
  }

  log(id: string): GroupLog {
    const log = this.#logs.get(id) ?? new GroupLog(id);
    this.#logs.set(id, log);
    return log;
  }

  /** Whether an answer may concern one of our operations: the history records only chats as sends. */
  isOperation(id: string): boolean {
    return this.#operationIds.has(id);
  }

  /** Sends an operation and adds it to the log once stored. */
  async perform(operation: Upstream<GroupOperationName>): Promise<Downstream<'ack'>> {
    const digest = operationDigest(operation);
    this.#under.set(digest, operation);
    this.#operationIds.add(operation.id);
    const { conversation_id: id } = operation;
    const moved = movedBy(operation, this.log(id));
    try {
      const frame = encodeUpstream(operation.type, operation);
      const ack = await this.#lanes.of(id).addFixed(operation.id, frame);
      this.#applyOwn(digest);
      this.#recorder.membership(operation, moved, { convSeq: ack.conv_seq, acked: true });
      return ack;
    } finally {
      this.#under.delete(digest);
    }
  }

  received(operation: Downstream<GroupOperationName>): void {
    const { conversation_id: id, delivery } = operation;
    // the previous operation's ack may still be in transit
    if ('previous_sha256' in operation) this.#applyOwn(operation.previous_sha256);
    const moved = movedBy(operation, this.log(id));
    this.#recorder.membership(operation, moved, { convSeq: delivery.conv_seq, acked: false });
    this.#apply(operation);
    if (operation.type === 'group_create' && operation.kind === 'direct') {
      const peer = operation.members.find((member) => member !== this.#userId) ?? this.#userId;
      this.remember({ id, peer });
    } else if (!this.known.has(id)) this.remember({ id, peer: id });
  }

  #applyOwn(digest: string | undefined): void {
    const operation = digest === undefined ? undefined : this.#under.get(digest);
    if (!operation || digest === undefined) return;
    this.#under.delete(digest);
    this.#apply(operation);
  }

  #apply(operation: Operation): void {
    const log = this.log(operation.conversation_id);
    const { generation, epoch } = log;
    log.apply(operation);
    if (log.generation !== generation || log.epoch !== epoch) this.#lanes.of(log.id).keysChanged(log);
  }
}

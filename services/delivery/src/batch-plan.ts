import type { ErrorDetail, ErrorName } from '@securechat/protocol';
import type { AckRecord, IngressRecord, OutRecord } from '@securechat/protocol/internal';
import type { BatchState, Conversation } from './store/state.ts';

/** A message that the batch will store, with the mailboxes it goes to. */
export type StoredMessage = {
  conversation: Conversation;
  convSeq: number;
  record: IngressRecord;
  frameType: number;
  hash: Buffer;
  expiresAt: number | undefined;
  body: Uint8Array;
  recipients: { device: number; user: number; seq: number }[];
};

/** What the decisions of one batch add up to. Nothing here has happened until it is written and committed. */
export class BatchPlan {
  readonly state: BatchState;
  readonly nowMs: number;
  readonly stored: StoredMessage[] = [];
  /** Highest acknowledged mailbox sequence by device. */
  readonly acks = new Map<number, number>();
  /** Highest read position by user and conversation. */
  readonly reads = new Map<string, { user: number; conversation: string; through: number }>();
  readonly movedClientSeqs: { conversation: Conversation; device: number }[] = [];
  /** What the senders are told, by gateway. */
  readonly answers: { gateway: string; record: OutRecord }[] = [];

  constructor(state: BatchState, nowMs: number) {
    this.state = state;
    this.nowMs = nowMs;
  }

  /** Gives the message its place in the conversation and in each mailbox but the sending device's own. */
  store(message: Omit<StoredMessage, 'convSeq' | 'recipients'>): void {
    const { conversation, record } = message;
    const recipients: StoredMessage['recipients'] = [];
    for (const [device, { user }] of conversation.devices) {
      const mailbox = this.state.mailboxes.get(device);
      if (device !== record.device && mailbox) recipients.push({ device, user, seq: ++mailbox.head });
    }
    const convSeq = conversation.nextSeq++;
    this.stored.push({ ...message, convSeq, recipients });
    this.answerStored(record, { conversation: conversation.extId, convSeq, atMs: this.nowMs, dup: false });
  }

  answerStored(
    record: IngressRecord,
    place: { conversation: string; convSeq: number; atMs: number; dup: boolean },
  ): void {
    this.answers.push({
      gateway: record.gateway,
      record: {
        kind: 'stored',
        connection: record.connection,
        ref: record.id,
        conversation: place.conversation,
        conv_seq: place.convSeq,
        at: place.atMs,
        received_at: record.at,
        dup: place.dup,
      },
    });
  }

  refuse(record: IngressRecord | AckRecord, error: ErrorName, detail: ErrorDetail = {}): void {
    const reference = 'id' in record ? { reference_id: record.id } : {};
    this.answers.push({
      gateway: record.gateway,
      record: { kind: 'refused', connection: record.connection, error, detail: { ...reference, ...detail } },
    });
  }
}

import type { ErrorDetail, ErrorName } from '@securechat/protocol';
import type { AckRecord, IngressRecord, OutRecord } from '@securechat/protocol/internal';
import { dayOf } from './rules/days.ts';
import type { Policy } from './rules/policy.ts';
import type { Effect } from './rules/roster.ts';
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
  /** What devices that this message adds get instead of the body. */
  welcome: Uint8Array | undefined;
  recipients: { device: number; user: number; seq: number; isWelcome: boolean }[];
  /** Its mailbox pointers are written later, by the fan-out. */
  isOutbox: boolean;
};

/** An operation as the batch will write it: its effect, and the conversation's state after it. */
export type Operated = {
  conversation: Conversation;
  convSeq: number;
  effect: Effect;
  welcome: Uint8Array | undefined;
  state: Pick<Conversation, 'generation' | 'epoch' | 'epochSeq' | 'logHead' | 'fanout'> & {
    isCommitRequired: boolean;
  };
};

const NO_FORMS = { welcome: undefined, welcomed: new Set<number>() };

/** The sum of one batch's decisions. Nothing has happened until it is written and committed. */
export class BatchPlan {
  readonly state: BatchState;
  readonly nowMs: number;
  readonly policy: Policy;
  readonly stored: StoredMessage[] = [];
  /** Highest acknowledged mailbox sequence, by device. */
  readonly acks = new Map<number, number>();
  /** Highest read position, by user and conversation. */
  readonly reads = new Map<string, { user: number; conversation: string; through: number }>();
  readonly movedClientSeqs: {
    conversation: Conversation;
    device: number;
    clientSeq: number;
    convSeq: number;
  }[] = [];
  readonly operations: Operated[] = [];
  /** Devices whose backlog was cut when the batch was written; one element per truncation entry. */
  readonly cut: number[] = [];
  /** Replies to the senders, by gateway. */
  readonly answers: { gateway: string; record: OutRecord }[] = [];

  constructor(state: BatchState, nowMs: number, policy: Policy) {
    this.state = state;
    this.nowMs = nowMs;
    this.policy = policy;
  }

  /** The day partition that the batch's messages go to. */
  get day(): string {
    return dayOf(this.nowMs);
  }

  /**
   * Assigns the message its place in the conversation and, unless the fan-out does that later, in every recipient's
   * mailbox except the sending device's own. Devices in `welcomed` get the welcome form instead.
   */
  store(
    message: Omit<StoredMessage, 'convSeq' | 'recipients' | 'welcome' | 'isOutbox'>,
    forms: { welcome: Uint8Array | undefined; welcomed: ReadonlySet<number> } = NO_FORMS,
  ): void {
    const { conversation, record } = message;
    const { welcome, welcomed } = forms;
    const isOutbox = conversation.fanout === 'outbox';
    const recipients: StoredMessage['recipients'] = [];
    for (const [device, { user }] of isOutbox ? [] : conversation.devices) {
      const mailbox = this.state.mailboxes.get(device);
      if (device === record.device || !mailbox) continue;
      const isWelcome = welcome !== undefined && welcomed.has(device);
      mailbox.putCount += 1;
      mailbox.putBytes += (isWelcome ? welcome : message.body).length;
      recipients.push({ device, user, seq: ++mailbox.head, isWelcome });
    }
    const convSeq = conversation.nextSeq++;
    if (isOutbox) conversation.waitingJobs += 1;
    this.stored.push({ ...message, convSeq, recipients, welcome, isOutbox });
    this.answerStored(record, { conversation: conversation.extId, convSeq, atMs: this.nowMs, dup: false });
  }

  /** Records an operation's effect and the conversation's state after it. */
  operated(conversation: Conversation, change: Pick<Operated, 'convSeq' | 'effect' | 'welcome'>): void {
    const { generation, epoch, epochSeq, logHead, fanout } = conversation;
    const isCommitRequired = conversation.due.length > 0;
    const state = { generation, epoch, epochSeq, logHead, fanout, isCommitRequired };
    this.operations.push({ conversation, ...change, state });
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

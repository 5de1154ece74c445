import { sha256 } from '@securechat/crypto/sign';
import {
  ACK_TIMEOUT_MS,
  type Downstream,
  type GroupOperationName,
  type Upstream,
} from '@securechat/protocol';
import type { History } from '../history.ts';

export type Item = Downstream<'chat' | GroupOperationName | 'history_truncated'>;

/** A chat as a person would see it. */
export type ReceivedChat = {
  readonly seq: number;
  readonly convSeq: number;
  readonly id: string;
  readonly conversationId: string;
  readonly from: string;
  /** Address of the sending device. */
  readonly fromDevice: string;
  readonly clientSeq: number;
  readonly payload: Buffer;
  readonly payloadSha256: string;
};

/** `never` is a misbehaving client, which the server has to tolerate. */
export type AckPolicy = 'at once' | 'never' | { afterMs: number };

export type MailboxEvents = {
  send<N extends 'ack' | 'sync'>(name: N, message: Upstream<N>): void;
  chat(chat: ReceivedChat): void;
  operation(message: Downstream<GroupOperationName>): void;
  truncated(entry: Truncation): void;
  receipt(receipt: Watermark): void;
};
/** Messages of a conversation that this device does not get, up to this place. */
export type Truncation = { conversation_id: string; through: number; dropped: number };
export type Watermark = Omit<Downstream<'receipt'>, 'type'>;

const PAGE_TIMEOUT_MS = ACK_TIMEOUT_MS;

/**
 * One device's position in its mailbox. Survives connections: `cursor` is what is stored here.
 *
 * behind: a resume or sync was sent; pages move the cursor, pushes after it are ignored.
 * live: the last page has arrived; each push must follow the cursor, a gap leads back to behind.
 */
export class Mailbox {
  cursor = 0;
  epoch: number | undefined;
  isLive = false;
  readonly #address: string;
  readonly #acks: AckPolicy;
  readonly #events: MailboxEvents;
  readonly #history: History;
  #ackTimer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  #pageTimer: NodeJS.Timeout | undefined;
  #acked = 0;

  constructor(address: string, acks: AckPolicy, events: MailboxEvents, history: History) {
    this.#address = address;
    this.#acks = acks;
    this.#events = events;
    this.#history = history;
  }

  /** The first message on a new connection. Its cursor counts as an ack, so a client that never acks sends 0. */
  resume(receiptsSinceMs?: number): Upstream<'resume'> {
    this.isLive = false;
    const cursor = this.#acks === 'never' ? 0 : this.cursor;
    if (cursor > 0) this.#history.add({ type: 'device-ack', device: this.#address, through: cursor });
    this.#acked = cursor;
    this.#expectPage();
    return {
      type: 'resume',
      cursor,
      ...(this.epoch === undefined ? {} : { mailbox_epoch: this.epoch }),
      ...(receiptsSinceMs === undefined ? {} : { receipts_since_ms: receiptsSinceMs }),
    };
  }

  push(item: Item): void {
    if (item.delivery.seq <= this.cursor) {
      this.#dropKnown(item);
    } else if (this.isLive && item.delivery.seq === this.cursor + 1) {
      this.#accept(item);
      this.#planAck();
    } else if (this.isLive) {
      this.isLive = false;
      this.#askAgain();
    }
  }

  page(page: Downstream<'sync_page'>): void {
    this.epoch = page.mailbox_epoch;
    for (const item of page.items) {
      if (item.delivery.seq <= this.cursor) this.#dropKnown(item);
      else {
        this.#passOver(item.delivery.seq - 1);
        this.#accept(item);
      }
    }
    this.#passOver(page.through);
    for (const mark of page.receipts ?? []) this.receipt(mark);
    clearTimeout(this.#pageTimer);
    this.isLive = !page.more;
    if (page.more) this.#expectPage();
    this.#planAck();
  }

  receipt({ conversation_id, user_id, delivered_through, read_through }: Watermark): void {
    const mark = { conversation_id, user_id, delivered_through, read_through };
    this.#history.add({ type: 'receipt', device: this.#address, ...mark });
    this.#events.receipt(mark);
  }

  /** Nothing is acknowledged after this. */
  disconnected(): void {
    clearTimeout(this.#ackTimer as NodeJS.Timeout);
    clearImmediate(this.#ackTimer as NodeJS.Immediate);
    clearTimeout(this.#pageTimer);
    this.#ackTimer = undefined;
    this.isLive = false;
  }

  #askAgain(): void {
    this.#events.send('sync', { type: 'sync', from: this.cursor });
    this.#expectPage();
  }

  /** A page or its request may be lost. A client that never acks gets no further page. */
  #expectPage(): void {
    clearTimeout(this.#pageTimer);
    if (this.#acks !== 'never') this.#pageTimer = setTimeout(() => this.#askAgain(), PAGE_TIMEOUT_MS);
  }

  /** Nothing is going to arrive up to here. */
  #passOver(through: number): void {
    if (through <= this.cursor) return;
    this.#history.add({ type: 'hole', device: this.#address, from: this.cursor + 1, through });
    this.cursor = through;
  }

  #accept(item: Item): void {
    const { seq, conv_seq } = item.delivery;
    this.cursor = seq;
    if (item.type !== 'chat') {
      const { conversation_id } = item;
      this.#history.add({ type: 'place', device: this.#address, conversation_id, seq, conv_seq });
    }
    if (item.type === 'history_truncated') {
      const { conversation_id, dropped, delivery } = item;
      const entry = { conversation_id, through: delivery.conv_seq, dropped };
      this.#history.add({ type: 'truncated', device: this.#address, ...entry });
      this.#events.truncated(entry);
    } else if (item.type === 'chat') {
      const chat = readChat(item);
      this.#record(chat, false);
      this.#events.chat(chat);
    } else {
      this.#events.operation(item);
    }
  }

  #dropKnown(item: Item): void {
    if (item.type === 'chat') this.#record(readChat(item), true);
  }

  #record(chat: ReceivedChat, again: boolean): void {
    this.#history.add({
      type: 'recv',
      device: this.#address,
      from: chat.fromDevice,
      id: chat.id,
      conversation_id: chat.conversationId,
      seq: chat.seq,
      conv_seq: chat.convSeq,
      client_seq: chat.clientSeq,
      sha256: chat.payloadSha256,
      again,
    });
  }

  /** Cumulative: one ack covers everything of this turn, or of this delay. */
  #planAck(): void {
    if (this.#acks === 'never' || this.#ackTimer !== undefined) return;
    const acknowledge = (): void => {
      this.#ackTimer = undefined;
      if (this.cursor <= this.#acked) return;
      this.#acked = this.cursor;
      this.#history.add({ type: 'device-ack', device: this.#address, through: this.cursor });
      this.#events.send('ack', { type: 'ack', through: this.cursor });
    };
    this.#ackTimer =
      this.#acks === 'at once' ? setImmediate(acknowledge) : setTimeout(acknowledge, this.#acks.afterMs);
  }
}

function readChat(item: Downstream<'chat'>): ReceivedChat {
  const payload = Buffer.from(item.payload, 'base64');
  return {
    seq: item.delivery.seq,
    convSeq: item.delivery.conv_seq,
    id: item.id,
    conversationId: item.conversation_id,
    from: item.from,
    fromDevice: `${item.from}:${item.device_id}`,
    clientSeq: item.client_seq,
    payload,
    payloadSha256: sha256(payload).toString('hex'),
  };
}

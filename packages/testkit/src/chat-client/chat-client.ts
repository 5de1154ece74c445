import { sha256 } from '@securechat/crypto/sign';
import { type Downstream, encodeUpstream, type Upstream } from '@securechat/protocol';
import { type GroupCreate, makeChat, makeGroupCreate, newMessageId } from '../envelope.ts';
import { History } from '../history.ts';
import type { Device, Person } from '../people.ts';
import type { Received } from '../raw-client.ts';
import type { Login } from '../raw-login.ts';
import type { RawTarget } from '../raw-transport.ts';
import { DEADLINE_MS, until } from '../until.ts';
import { ConnectionKeeper } from './connection-keeper.ts';
import { type AckPolicy, Mailbox, type ReceivedChat, type Watermark } from './mailbox.ts';
import { Lane, type Outgoing, SendRefused } from './outbox.ts';

export type ChatClientOptions = {
  person: Person;
  device: Device;
  serviceKey: Uint8Array;
  gateways: readonly RawTarget[];
  /** Shared by all clients of a run that is to be checked. */
  history?: History;
  acks?: AckPolicy;
  /** Multiplies the waits of the reconnect ladder; 0.05 makes 1 s into 50 ms. */
  waitScale?: number;
  ackTimeoutMs?: number;
  heartbeatMs?: number;
};

export type Conversation = { readonly id: string; readonly peer: string };

/**
 * A small honest client: what the protocol asks of a device and nothing for the eye. What it has stored and
 * what it still has to send survive its connections, not its process.
 */
export class ChatClient {
  readonly person: Person;
  readonly device: Device;
  readonly history: History;
  readonly mailbox: Mailbox;
  /** Every chat that took effect here, in order. */
  readonly received: ReceivedChat[] = [];
  readonly conversations = new Map<string, Conversation>();
  /** Newest watermarks of other members, by `conversation user`. */
  readonly watermarks = new Map<string, Watermark>();
  /** Errors that were about no message of ours. */
  readonly complaints: Downstream<'error'>[] = [];
  /** Why it will not come back by itself. */
  endedBy: Error | undefined;
  login: Login | undefined;
  readonly #keeper: ConnectionKeeper;
  readonly #lanes = new Map<string, Lane>();
  readonly #listeners = new Set<(chat: ReceivedChat) => void>();
  readonly #ackTimeoutMs: number | undefined;

  constructor(options: ChatClientOptions) {
    const { person, device, serviceKey, gateways, waitScale = 1, heartbeatMs } = options;
    this.person = person;
    this.device = device;
    this.history = options.history ?? new History();
    this.#ackTimeoutMs = options.ackTimeoutMs;
    this.mailbox = this.#createMailbox(options.acks ?? 'at once');
    this.#keeper = new ConnectionKeeper(
      { gateways, login: { person, device, serviceKey }, waitScale, heartbeatMs },
      {
        connected: (login) => this.#connected(login),
        received: (received) => this.#dispatch(received),
        disconnected: () => this.mailbox.disconnected(),
        ended: (reason) => {
          this.endedBy = reason;
        },
      },
    );
  }

  /** Online, with everything that waited for it. */
  static async open(options: ChatClientOptions, deadlineMs = DEADLINE_MS): Promise<ChatClient> {
    const client = new ChatClient(options);
    client.goOnline();
    try {
      await client.live(deadlineMs);
    } catch (error) {
      await client.close();
      throw error;
    }
    return client;
  }

  get isConnected(): boolean {
    return this.#keeper.client !== undefined;
  }

  /** Messages without an answer. */
  get unanswered(): number {
    return [...this.#lanes.values()].reduce((sum, lane) => sum + lane.waiting.length, 0);
  }

  goOnline(): void {
    this.endedBy = undefined;
    this.#keeper.start();
  }

  /** Away until `goOnline`; messages may still be given to it. */
  async goOffline(): Promise<void> {
    await this.#keeper.stop();
  }

  /** Loses the connection, as a phone does in a tunnel; it comes back by itself. */
  cutConnection(): void {
    this.#keeper.client?.destroy();
  }

  /** Logged in and at the end of its mailbox. */
  async live(deadlineMs = DEADLINE_MS): Promise<void> {
    await until(
      `${this.device.address} is online and has read its mailbox`,
      () => {
        // not thrown: until() would keep trying
        if (this.endedBy) return this.endedBy;
        return this.isConnected && this.mailbox.isLive;
      },
      deadlineMs,
    ).then((outcome) => {
      if (outcome instanceof Error) throw outcome;
    });
  }

  /** The conversation with `peer`: a new one, or the one that the two already have. */
  async createDirect(peer: Person): Promise<Conversation> {
    const operation = makeGroupCreate({ creator: this.person, device: this.device, peer });
    try {
      await this.#laneOf(operation.conversation_id).addFixed(
        operation.id,
        encodeUpstream('group_create', operation),
      );
    } catch (error) {
      const winner = error instanceof SendRefused ? error.answer.conversation_id : undefined;
      if (winner === undefined) throw error;
      this.#laneOf(winner).epoch = (error as SendRefused).answer.epoch ?? 0;
      return this.#remember({ id: winner, peer: peer.id });
    }
    this.#recordConversation(operation);
    return this.#remember({ id: operation.conversation_id, peer: peer.id });
  }

  /** Settles with the server's definitive answer, however long that takes and however often it has to be sent. */
  sendChat(conversation: Conversation, payload: Uint8Array | string): Promise<Downstream<'ack'>> {
    const id = newMessageId();
    const digest = sha256(Buffer.from(payload)).toString('hex');
    const { device } = this;
    this.history.add({
      type: 'send',
      phase: 'invoke',
      device: device.address,
      id,
      conversation_id: conversation.id,
      sha256: digest,
    });
    return this.#laneOf(conversation.id).addSealed(id, ({ clientSeq, epoch }) =>
      encodeUpstream(
        'chat',
        makeChat({
          from: this.person,
          device,
          to: conversation.peer,
          conversationId: conversation.id,
          clientSeq,
          epoch,
          payload,
          id,
        }),
      ),
    );
  }

  /** Says that the person has read up to this place. Nothing answers; a later mark covers a lost one. */
  markRead(conversation: Conversation, readThrough: number): void {
    this.#send('receipt', {
      type: 'receipt',
      conversation_id: conversation.id,
      read_through: readThrough,
    });
  }

  /** The chat that `where` accepts, already here or still to come. */
  receive(where: (chat: ReceivedChat) => boolean, deadlineMs = DEADLINE_MS): Promise<ReceivedChat> {
    return until(
      `${this.device.address} has received the chat in question (it has ${this.received.length})`,
      () => this.received.find(where),
      deadlineMs,
    );
  }

  /** Calls `listener` for every chat that takes effect from now on; returns what ends that. */
  onChat(listener: (chat: ReceivedChat) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  watermarkOf(conversation: Conversation, user: string): Watermark | undefined {
    return this.watermarks.get(`${conversation.id} ${user}`);
  }

  /** Goes for good. Messages without an answer are `info` in the history. */
  async close(): Promise<void> {
    await this.#keeper.stop();
    for (const [conversationId, lane] of this.#lanes) {
      for (const item of lane.abandon(new Error(`${this.device.address} was closed`))) {
        // a test may have left it unawaited
        item.settle.promise.catch(() => undefined);
        if (item.seal) this.#recordOutcome('info', conversationId, item);
      }
    }
  }

  #connected(login: Login): void {
    this.login = login;
    this.#send('resume', this.mailbox.resume());
    for (const lane of this.#lanes.values()) lane.reconnected();
  }

  #dispatch({ message }: Received): void {
    switch (message?.type) {
      case 'chat':
      case 'group_create':
        this.mailbox.push(message);
        break;
      case 'sync_page':
        this.mailbox.page(message);
        break;
      case 'receipt':
        this.mailbox.receipt(message);
        break;
      case 'ack':
        this.#acknowledged(message);
        break;
      case 'error':
        if (![...this.#lanes.values()].some((lane) => lane.refuse(message))) this.complaints.push(message);
        break;
    }
  }

  /** Also an answer that comes a second time must be the same one, so it goes on record. */
  #acknowledged(ack: Downstream<'ack'>): void {
    const lane = this.#lanes.get(ack.conversation_id);
    if (lane?.acknowledge(ack)) return;
    this.#recordStored(ack, 0);
  }

  #laneOf(conversationId: string): Lane {
    const known = this.#lanes.get(conversationId);
    if (known) return known;
    const lane = new Lane(
      {
        transmit: (frame) => this.#transmit(frame),
        repeated: (item) => item.seal && this.#recordOutcome('again', conversationId, item),
        stored: (item, ack) => item.seal && this.#recordStored(ack, item.clientSeq),
        refused: (item, error) =>
          item.seal && this.#recordOutcome('fail', conversationId, item, error.error_code),
      },
      this.#ackTimeoutMs === undefined ? {} : { ackTimeoutMs: this.#ackTimeoutMs },
    );
    this.#lanes.set(conversationId, lane);
    return lane;
  }

  #transmit(frame: Uint8Array): boolean {
    this.#keeper.client?.sendFrame(frame);
    return this.isConnected;
  }

  #send<N extends 'ack' | 'sync' | 'resume' | 'receipt'>(name: N, message: Upstream<N>): void {
    this.#keeper.client?.send(name, message);
  }

  #createMailbox(acks: AckPolicy): Mailbox {
    return new Mailbox(
      this.device.address,
      acks,
      {
        send: (name, message) => this.#send(name, message),
        chat: (chat) => {
          this.received.push(chat);
          for (const listener of this.#listeners) listener(chat);
        },
        conversation: (operation) => {
          this.#recordConversation(operation);
          const peer = operation.members.find((member) => member !== this.person.id) ?? this.person.id;
          this.#remember({ id: operation.conversation_id, peer });
        },
        receipt: (mark) => this.watermarks.set(`${mark.conversation_id} ${mark.user_id}`, mark),
      },
      this.history,
    );
  }

  #remember(conversation: Conversation): Conversation {
    this.conversations.set(conversation.id, conversation);
    return conversation;
  }

  #recordConversation(operation: GroupCreate): void {
    this.history.add({
      type: 'conversation',
      conversation_id: operation.conversation_id,
      devices: operation.added_devices,
    });
  }

  #recordStored(ack: Downstream<'ack'>, clientSeq: number): void {
    this.history.add({
      type: 'send',
      phase: 'ok',
      device: this.device.address,
      id: ack.ref,
      conversation_id: ack.conversation_id,
      client_seq: clientSeq,
      conv_seq: ack.conv_seq,
      dup: ack.dup ?? false,
    });
  }

  #recordOutcome(phase: 'fail' | 'info' | 'again', conversationId: string, item: Outgoing, error = ''): void {
    const subject = { device: this.device.address, id: item.id, conversation_id: conversationId };
    this.history.add(
      phase === 'fail' ? { type: 'send', phase, ...subject, error } : { type: 'send', phase, ...subject },
    );
  }
}

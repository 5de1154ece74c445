import { sha256 } from '@securechat/crypto/sign';
import { type Downstream, encodeUpstream, type Upstream } from '@securechat/protocol';
import { makeChat, newMessageId } from '../envelope.ts';
import { History } from '../history.ts';
import type { Device, Person } from '../people.ts';
import type { Received } from '../raw-client.ts';
import type { Login } from '../raw-login.ts';
import type { RawTarget } from '../raw-transport.ts';
import { DEADLINE_MS, until } from '../until.ts';
import { ConnectionKeeper } from './connection-keeper.ts';
import { type Conversation, Conversations } from './conversations.ts';
import type { GroupLog } from './group-log.ts';
import { GroupOperations } from './group-operations.ts';
import { Lanes } from './lanes.ts';
import { type AckPolicy, Mailbox, type ReceivedChat, type Truncation, type Watermark } from './mailbox.ts';
import { Recorder } from './recorder.ts';

export type ChatClientOptions = {
  person: Person;
  device: Device;
  serviceKey: Uint8Array;
  gateways: readonly RawTarget[];
  /** Shared by all clients of a run that will be checked. */
  history?: History;
  acks?: AckPolicy;
  /** Multiplies the delays of the reconnect ladder; 0.05 turns 1 s into 50 ms. */
  waitScale?: number;
  ackTimeoutMs?: number;
  heartbeatMs?: number;
};

/**
 * A small honest client: everything the protocol asks of a device, without presentation. Its stored and unsent messages survive its
 * connections, but not its process.
 */
export class ChatClient {
  readonly person: Person;
  readonly device: Device;
  readonly history: History;
  readonly mailbox: Mailbox;
  readonly groups: GroupOperations;
  /** Every chat that took effect here, in order. */
  readonly received: ReceivedChat[] = [];
  /** Newest watermarks of other members, by `conversation user`. */
  readonly watermarks = new Map<string, Watermark>();
  /** Messages dropped before they could be fetched. */
  readonly truncations: Truncation[] = [];
  /** Errors that concern no message of ours. */
  readonly complaints: Downstream<'error'>[] = [];
  /** Why it will not reconnect. */
  endedBy: Error | undefined;
  login: Login | undefined;
  readonly #recorder: Recorder;
  readonly #lanes: Lanes;
  readonly #conversations: Conversations;
  readonly #keeper: ConnectionKeeper;
  readonly #listeners = new Set<(chat: ReceivedChat) => void>();

  constructor(options: ChatClientOptions) {
    const { person, device, ackTimeoutMs } = options;
    this.person = person;
    this.device = device;
    this.history = options.history ?? new History();
    this.#recorder = new Recorder(this.history, device.address);
    this.#lanes = new Lanes(
      {
        transmit: (frame) => this.#transmit(frame),
        commitRequired: (conversationId, error) => this.#commitFirst(conversationId, error),
      },
      this.#recorder,
      ackTimeoutMs === undefined ? {} : { ackTimeoutMs },
    );
    this.#conversations = new Conversations(person.id, this.#lanes, this.#recorder);
    this.groups = new GroupOperations({ person, device }, this.#conversations, this.#lanes);
    this.mailbox = this.#createMailbox(options.acks ?? 'at once');
    this.#keeper = this.#createKeeper(options);
  }

  /** Opens a client; resolves when it is online and has received everything that was waiting. */
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

  /** Number of unanswered messages. */
  get unanswered(): number {
    return this.#lanes.waiting;
  }

  get conversations(): ReadonlyMap<string, Conversation> {
    return this.#conversations.known;
  }

  /** This device's view of a conversation, from its operation log. */
  log(conversation: Pick<Conversation, 'id'>): GroupLog {
    return this.#conversations.log(conversation.id);
  }

  goOnline(): void {
    this.endedBy = undefined;
    this.#keeper.start();
  }

  /** Offline until `goOnline`; messages can still be queued. */
  async goOffline(): Promise<void> {
    await this.#keeper.stop();
  }

  /** Drops the connection, like a phone in a tunnel; it reconnects by itself. */
  cutConnection(): void {
    this.#keeper.client?.destroy();
  }

  /** Resolves when logged in and at the end of its mailbox. */
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

  /** Settles with the server's definitive answer, however long and however many transmissions it takes. */
  sendChat(conversation: Conversation, payload: Uint8Array | string): Promise<Downstream<'ack'>> {
    const { person: from, device } = this;
    const { id: conversationId, peer: to } = conversation;
    const id = newMessageId();
    this.#recorder.invoked(conversationId, id, sha256(Buffer.from(payload)).toString('hex'));
    return this.#lanes
      .of(conversationId)
      .addSealed(id, (place) =>
        encodeUpstream('chat', makeChat({ from, device, to, conversationId, ...place, payload, id })),
      );
  }

  /** Marks everything up to this place as read. Not acknowledged; a later mark covers a lost one. */
  markRead({ id: conversation_id }: Conversation, read_through: number): void {
    this.#send('receipt', { type: 'receipt', conversation_id, read_through });
  }

  /** The chat accepted by `where`, already here or still to come. */
  receive(where: (chat: ReceivedChat) => boolean, deadlineMs = DEADLINE_MS): Promise<ReceivedChat> {
    return until(
      `${this.device.address} has received the chat in question (it has ${this.received.length})`,
      () => this.received.find(where),
      deadlineMs,
    );
  }

  /** Calls `listener` for every chat that takes effect from now on; returns a function that ends that. */
  onChat(listener: (chat: ReceivedChat) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  watermarkOf(conversation: Conversation, user: string): Watermark | undefined {
    return this.watermarks.get(`${conversation.id} ${user}`);
  }

  /** Closes for good. Unanswered messages become `info` in the history. */
  async close(): Promise<void> {
    await this.#keeper.stop();
    this.#lanes.abandon(new Error(`${this.device.address} was closed`));
  }

  #connected(login: Login): void {
    this.login = login;
    this.#recorder.connected();
    this.#send('resume', this.mailbox.resume());
    this.#lanes.reconnected();
  }

  #dispatch({ message }: Received): void {
    switch (message?.type) {
      case 'chat':
      case 'group_create':
      case 'group_member_add':
      case 'group_member_remove':
      case 'group_leave':
      case 'group_update':
      case 'group_commit':
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
        this.#refused(message);
        break;
    }
  }

  /** A repeated ack must be identical to the first, so it is recorded too. */
  #acknowledged(ack: Downstream<'ack'>): void {
    const isFirst = this.#lanes.acknowledge(ack);
    if (!isFirst && !this.#conversations.isOperation(ack.ref)) this.#recorder.stored(ack, 0);
  }

  #refused(error: Downstream<'error'>): void {
    const conversationId = this.#lanes.refuse(error);
    if (conversationId === undefined) this.complaints.push(error);
    this.#recorder.error(error, conversationId);
  }

  #commitFirst(conversationId: string, error: Downstream<'error'>): void {
    this.groups.commitFirst(conversationId, error).catch((cause: unknown) => {
      // closed meanwhile, or refused for good: its messages report that
      this.complaints.push({ ...error, error_message: String(cause) });
    });
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
        operation: (operation) => this.#conversations.received(operation),
        truncated: (entry) => void this.truncations.push(entry),
        receipt: (mark) => this.#take(mark),
      },
      this.history,
    );
  }

  /** The greater one wins: a receipt may arrive after a newer one. */
  #take(mark: Watermark): void {
    const key = `${mark.conversation_id} ${mark.user_id}`;
    const known = this.watermarks.get(key);
    this.watermarks.set(key, {
      ...mark,
      delivered_through: Math.max(mark.delivered_through, known?.delivered_through ?? 0),
      read_through: Math.max(mark.read_through, known?.read_through ?? 0),
    });
  }

  #createKeeper({ person, device, serviceKey, gateways, ...options }: ChatClientOptions): ConnectionKeeper {
    const { waitScale = 1, heartbeatMs } = options;
    return new ConnectionKeeper(
      { gateways, login: { person, device, serviceKey }, waitScale, heartbeatMs },
      {
        connected: (login) => this.#connected(login),
        received: (received) => this.#dispatch(received),
        disconnected: (end) => {
          this.#recorder.disconnected(end);
          this.mailbox.disconnected();
        },
        failed: (error) => this.#recorder.notConnected(error),
        ended: (reason) => {
          this.endedBy = reason;
          this.#recorder.gaveUp(reason);
        },
      },
    );
  }
}

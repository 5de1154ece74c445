import {
  type Downstream,
  type DownstreamName,
  decodeDownstream,
  downstream,
  encodeUpstream,
  HEADER_BYTES,
  type Upstream,
} from '@securechat/protocol';
import { authFor, helloOf, type Person, within } from '@securechat/testkit';
import type { LineContext } from './drivers/driver.ts';
import { SocketLine } from './socket-line.ts';
import { FastWebSocket } from './websocket.ts';

const LOGIN_DEADLINE_MS = 20_000;

/** Both frames have the same number of characters before the id. */
const ID_OFFSET = '{"type":"chat","id":"'.length;
const STAMP = Buffer.from('"delivery":{"seq":');

type Expected = { name: DownstreamName; resolve(message: Downstream): void; reject(error: Error): void };

/**
 * One logged-in device, as cheap as possible: frequent frames are read by position instead of being parsed. Keeps the rules of a real
 * client: ordered mailbox, repetitions dropped, one cumulative ack per received packet.
 */
export class Session extends SocketLine {
  readonly person: Person;
  readonly #context: LineContext;
  #expected: Expected | undefined;
  #cursor = 0;
  #acked = 0;

  private constructor(person: Person, context: LineContext) {
    super();
    this.person = person;
    this.#context = context;
  }

  /** Connects, logs in with real keys and resumes; resolves when the mailbox is drained. */
  static async open(url: string, person: Person, context: LineContext): Promise<Session> {
    const session = new Session(person, context);
    await within(session.#logIn(url), LOGIN_DEADLINE_MS, () => `the login of ${person.id}`);
    return session;
  }

  async #logIn(url: string): Promise<void> {
    this.socket = await FastWebSocket.open(url, {
      message: (payload) => this.#read(payload),
      turnEnded: () => this.#acknowledge(),
      closed: (why) => this.#closed(why),
    });
    const identity = { person: this.person, device: this.person.device(0) };
    const hello = helloOf(identity);
    this.socket.send(encodeUpstream('client_hello', hello));
    const serverHello = await this.#next('server_hello');
    this.socket.send(encodeUpstream('client_auth', authFor(identity, hello, serverHello)));
    await this.#next('session_ready');
    this.socket.send(encodeUpstream('resume', { type: 'resume', cursor: this.#cursor }));
    while ((await this.#next('sync_page')).more) {
      // the mailbox was longer than a page
    }
  }

  /** Creates a conversation. Resolves when the server has stored it. */
  async createConversation(message: Upstream<'group_create'>): Promise<void> {
    this.socket.send(encodeUpstream('group_create', message));
    const ack = await within(
      this.#next('ack'),
      LOGIN_DEADLINE_MS,
      () => `a conversation of ${this.person.id}`,
    );
    if (ack.ref !== message.id) throw new Error(`an ack for ${ack.ref} instead of ${message.id}`);
  }

  async #next<N extends DownstreamName>(name: N): Promise<Downstream<N>> {
    const { promise, resolve, reject } = Promise.withResolvers<Downstream>();
    this.#expected = { name, resolve, reject };
    return (await promise) as Downstream<N>;
  }

  #closed(why: string): void {
    if (this.isClosing) return;
    this.#context.tally.fault(`${this.person.id}: ${why}`);
    this.#expected?.reject(new Error(why));
  }

  /** A WebSocket message contains whole frames. */
  #read(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const start = at + HEADER_BYTES;
      const end = start + bytes.readUInt32BE(at + 6);
      this.#take(bytes.readUInt16BE(at + 10), bytes, start, end);
      at = end;
    }
  }

  #take(type: number, bytes: Buffer, start: number, end: number): void {
    const { ledger, tally } = this.#context;
    switch (type) {
      case downstream.chat.id: {
        if (!this.#accept(seqOf(bytes, end))) return;
        const message = ledger.numberAt(bytes, start + ID_OFFSET);
        return this.#context.onDelivery(message, ledger.noteDelivery(message));
      }
      case downstream.ack.id: {
        if (this.#expected?.name === 'ack') return this.#takeSlowly(type, bytes.subarray(start, end));
        const message = ledger.numberAt(bytes, start + ID_OFFSET);
        return this.#context.onAck(message, ledger.noteAck(message));
      }
      case downstream.group_create.id:
        this.#accept(seqOf(bytes, end));
        return;
      case downstream.receipt.id:
        tally.receipts++;
        return;
      default:
        this.#takeSlowly(type, bytes.subarray(start, end));
    }
  }

  #takeSlowly(type: number, payload: Uint8Array): void {
    const message = decodeDownstream(type, Uint8Array.from(payload));
    if (message?.type === 'sync_page') this.#takePage(message);
    if (message?.type === 'presence') this.#context.tally.presences++;
    if (message?.type === 'error') {
      this.#context.tally.fault(`${this.person.id}: ${message.error_code} ${message.error_message}`);
      this.#expected?.reject(new Error(message.error_message));
    }
    if (message !== undefined && message.type === this.#expected?.name) {
      const { resolve } = this.#expected;
      this.#expected = undefined;
      resolve(message);
    }
  }

  #takePage(page: Downstream<'sync_page'>): void {
    const { ledger } = this.#context;
    for (const item of page.items) {
      if (!this.#accept(item.delivery.seq) || item.type !== 'chat') continue;
      const message = ledger.numberOf(item.id);
      this.#context.onDelivery(message, ledger.noteDelivery(message));
    }
    this.#cursor = Math.max(this.#cursor, page.through);
  }

  /** Returns false for what this device already has. */
  #accept(seq: number): boolean {
    const { tally } = this.#context;
    if (seq <= this.#cursor) {
      tally.again++;
      return false;
    }
    if (seq !== this.#cursor + 1) tally.disordered++;
    this.#cursor = seq;
    return true;
  }

  #acknowledge(): void {
    if (this.#cursor === this.#acked) return;
    this.#acked = this.#cursor;
    this.socket.send(encodeUpstream('ack', { type: 'ack', through: this.#acked }));
  }
}

/** Mailbox sequence in the stamp at the end of a pushed frame. */
function seqOf(bytes: Buffer, end: number): number {
  let at = bytes.lastIndexOf(STAMP, end) + STAMP.length;
  let seq = 0;
  for (let digit = bytes[at] ?? 0; digit >= 0x30 && digit <= 0x39; digit = bytes[++at] ?? 0) {
    seq = seq * 10 + digit - 0x30;
  }
  return seq;
}

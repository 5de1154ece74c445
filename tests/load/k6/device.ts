import { ed25519 } from '@noble/curves/ed25519.js';
import {
  decodeBase64,
  downstream,
  encodeBase64,
  encodeFrame,
  encodeUpstream,
  HEADER_BYTES,
  handshakeTranscript,
  PROTOCOL_VERSION,
  type Upstream,
  upstream,
} from '@securechat/protocol';
import { WebSocket } from 'k6/websockets';
import type { Identity } from '../plan.ts';

/** `signed`: made ahead. What a message is told by is its id; `seq` is its place in the mailbox. */
export type Events = {
  ready(loginMs: number): void;
  caughtUp(): void;
  ack(id: string): void;
  chat(id: string): void;
  fault(what: string): void;
};

type Json = Record<string, unknown> & { type: string };

const SUB_PROTOCOL = 'scht.v1';
const CHALLENGE_BYTES = 32;
const PING_EVERY_MS = 25_000;
const ACK_EVERY_MS = 100;
/** Of characters that a function takes at once. */
const SLICE = 8_192;

// the first signature makes tables, which takes ten times as long: before anybody waits for a login
ed25519.sign(new Uint8Array(1), new Uint8Array(CHALLENGE_BYTES));

/** One device in k6, which has no TextDecoder and no fast Ed25519: it signs once, at its login. */
export class Device {
  readonly #who: Identity;
  readonly #events: Events;
  readonly #socket: WebSocket;
  readonly #beganMs = Date.now();
  #hello: Upstream<'client_hello'> | undefined;
  #cursor = 0;
  #acked = 0;
  #pings = 0;
  #isClosing = false;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(url: string, who: Identity, events: Events) {
    this.#who = who;
    this.#events = events;
    this.#socket = new WebSocket(url, [SUB_PROTOCOL] as never);
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.onopen = () => this.#sayHello();
    this.#socket.onmessage = (event) => this.#read(event?.data as ArrayBuffer);
    this.#socket.onerror = (event) => this.#fault(`socket: ${event?.error}`);
    this.#socket.onclose = () => this.#fault('the connection has ended');
  }

  sendSigned(json: string): void {
    this.#write(encodeFrame(upstream.chat.id, new TextEncoder().encode(json)));
  }

  close(): void {
    this.#isClosing = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#acknowledge();
    this.#socket.close();
  }

  #fault(what: string): void {
    if (!this.#isClosing) this.#events.fault(`${this.#who.user}: ${what}`);
  }

  #write(frame: Uint8Array<ArrayBuffer>): void {
    this.#socket.send(frame.buffer);
  }

  #sayHello(): void {
    const challenge = crypto.getRandomValues(new Uint8Array(CHALLENGE_BYTES));
    this.#hello = {
      type: 'client_hello',
      version: PROTOCOL_VERSION,
      user_id: this.#who.user,
      device_id: this.#who.device,
      public_key: this.#who.publicKey,
      challenge: encodeBase64(challenge),
      capabilities: ['e2e_encryption', 'groups'],
    };
    this.#write(encodeUpstream('client_hello', this.#hello));
  }

  /** A message of a WebSocket holds whole frames. */
  #read(data: ArrayBuffer): void {
    const view = new DataView(data);
    for (let at = 0; at < data.byteLength; ) {
      const end = at + HEADER_BYTES + view.getUint32(at + 6);
      this.#take(view.getUint16(at + 10), JSON.parse(textOf(data, at + HEADER_BYTES, end)) as Json);
      at = end;
    }
  }

  #take(type: number, message: Json): void {
    switch (type) {
      case downstream.server_hello.id:
        return this.#prove(message);
      case downstream.session_ready.id:
        this.#events.ready(Date.now() - this.#beganMs);
        this.#timers.push(setInterval(() => this.#ping(), PING_EVERY_MS));
        this.#timers.push(setInterval(() => this.#acknowledge(), ACK_EVERY_MS));
        return this.#write(encodeUpstream('resume', { type: 'resume', cursor: 0 }));
      case downstream.sync_page.id: {
        for (const item of message.items as Json[]) this.#stored(item);
        this.#cursor = Math.max(this.#cursor, message.through as number);
        if (message.more !== true) this.#events.caughtUp();
        return undefined;
      }
      case downstream.chat.id:
      case downstream.group_create.id:
        return this.#stored(message);
      case downstream.ack.id:
        return this.#events.ack(String(message.ref));
      case downstream.error.id:
        return this.#fault(`${message.error_code} ${message.error_message}`);
      default:
        return undefined;
    }
  }

  #prove(server: Json): void {
    if (!this.#hello) return;
    const signed = handshakeTranscript('client-auth', this.#hello, server as never);
    const signature = encodeBase64(Uint8Array.from(ed25519.sign(signed, decodeBase64(this.#who.seed))));
    this.#write(encodeUpstream('client_auth', { type: 'client_auth', signature }));
  }

  /** In order; what has come already is dropped. */
  #stored(item: Json): void {
    const { seq } = item.delivery as { seq: number };
    if (seq <= this.#cursor) return;
    if (seq !== this.#cursor + 1) this.#fault(`place ${seq} of the mailbox came after ${this.#cursor}`);
    this.#cursor = seq;
    if (item.type === 'chat') this.#events.chat(String(item.id));
  }

  #acknowledge(): void {
    if (this.#cursor === this.#acked) return;
    this.#acked = this.#cursor;
    this.#write(encodeUpstream('ack', { type: 'ack', through: this.#acked }));
  }

  #ping(): void {
    const timestamp = Math.floor(Date.now() / 1000);
    this.#write(encodeUpstream('ping', { type: 'ping', timestamp, sequence: ++this.#pings }));
  }
}

/** What is written here is ASCII. */
function textOf(data: ArrayBuffer, from: number, to: number): string {
  let text = '';
  for (let at = from; at < to; at += SLICE)
    text += String.fromCharCode(...new Uint8Array(data, at, Math.min(SLICE, to - at)));
  return text;
}

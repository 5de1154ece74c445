import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { SUB_PROTOCOL } from '@securechat/testkit';

const TEXT = 0x81;
const BINARY = 0x82;
const CLOSE = 0x88;
const OPCODE = 0x0f;
const FINAL = 0x80;
const OPCODE_TEXT = 1;
const OPCODE_BINARY = 2;
const OPCODE_CLOSE = 8;
const MASKED = 0x80;
const NOTHING = Buffer.alloc(0);

export type WebSocketEvents = {
  /** A complete binary message; the view is valid until the call returns. */
  message(payload: Buffer): void;
  /** Everything that had arrived was delivered. */
  turnEnded(): void;
  closed(why: string): void;
};

/** The server's framing. `packed`: frames sent together are one message, as our gateways accept. */
export type Framing = { kind: 'packed' | 'binary' | 'text'; protocol?: string };
const OURS: Framing = { kind: 'packed', protocol: SUB_PROTOCOL };

/**
 * A WebSocket client (RFC 6455) for generating load: only what the measured servers use, at a fraction of a full client's cost. Masks
 * with the zero key, which leaves bytes unchanged, and writes everything gathered in one event-loop turn at once.
 */
export class FastWebSocket {
  readonly #socket: Socket;
  readonly #events: WebSocketEvents;
  readonly #kind: Framing['kind'];
  #isOpen = false;
  #rest: Buffer | undefined;
  #waiting: Uint8Array[] = [];
  #closeReason = 'connection lost';

  private constructor(socket: Socket, events: WebSocketEvents, { kind }: Framing) {
    this.#socket = socket;
    this.#events = events;
    this.#kind = kind;
  }

  static open(address: string, events: WebSocketEvents, framing = OURS): Promise<FastWebSocket> {
    const { protocol, hostname, port, pathname, search, host } = new URL(address);
    const place = { host: hostname, port: Number(port), noDelay: true };
    const hasTls = protocol === 'wss:';
    const socket = hasTls ? connectTls(place) : connect(place);
    const client = new FastWebSocket(socket, events, framing);
    const { promise, resolve, reject } = Promise.withResolvers<FastWebSocket>();
    const request = [
      `GET ${pathname}${search} HTTP/1.1`,
      `Host: ${host}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      ...(framing.protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${framing.protocol}`]),
    ];
    socket.on(hasTls ? 'secureConnect' : 'connect', () => socket.write(`${request.join('\r\n')}\r\n\r\n`));
    socket.on('error', reject);
    socket.on('close', () => {
      reject(new Error(`no WebSocket to ${address}`));
      events.closed(client.#closeReason);
    });
    socket.on('data', (chunk) => {
      if (client.#isOpen) client.#read(chunk);
      else client.#readUpgrade(chunk, () => resolve(client), reject);
    });
    return promise;
  }

  /** Sent together with everything else of this turn. */
  send(frame: Uint8Array): void {
    this.#waiting.push(frame);
    if (this.#waiting.length > 1) return;
    if (toFlush.length === 0) setImmediate(flushAll);
    toFlush.push(this);
  }

  flush(): void {
    const frames = this.#waiting;
    this.#waiting = [];
    if (!this.#socket.writable) return;
    const first = this.#kind === 'text' ? TEXT : BINARY;
    const messages = this.#kind === 'packed' ? [frames] : frames.map((frame) => [frame]);
    this.#socket.write(masked(first, messages));
  }

  close(): void {
    this.#socket.end(masked(CLOSE, [[Buffer.from([0x03, 0xe8])]]));
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #readUpgrade(chunk: Buffer, opened: () => void, refused: (error: Error) => void): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#rest = bytes;
    const end = bytes.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = bytes.toString('latin1', 0, end);
    if (!head.startsWith('HTTP/1.1 101 ')) {
      refused(new Error(`the gateway answered ${head.split('\r\n', 1)[0]}`));
      this.#socket.destroy();
      return;
    }
    this.#isOpen = true;
    this.#rest = bytes.subarray(end + 4);
    opened();
    // the server may have sent something already, and the caller must first get hold of this object
    setImmediate(() => this.#read(NOTHING));
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = 0;
    for (;;) {
      const message = messageAt(bytes, at);
      if (!message) break;
      at = message.end;
      this.#take(message.first, bytes.subarray(message.start, message.end));
    }
    this.#rest = at < bytes.length ? bytes.subarray(at) : undefined;
    this.#events.turnEnded();
  }

  #take(first: number, payload: Buffer): void {
    const opcode = first & OPCODE;
    const isWhole = (opcode === OPCODE_BINARY || opcode === OPCODE_TEXT) && first & FINAL;
    if (isWhole) this.#events.message(payload);
    else if (opcode === OPCODE_CLOSE) {
      this.#closeReason = `closed with ${payload.length < 2 ? 1005 : payload.readUInt16BE(0)} ${payload.toString('utf8', 2)}`;
      this.#socket.end();
    } else throw new Error(`this client does not know WebSocket frames that begin with ${first}`);
  }
}

/** Servers do not mask. Undefined while the message is incomplete. */
function messageAt(bytes: Buffer, at: number): { first: number; start: number; end: number } | undefined {
  const left = bytes.length - at;
  if (left < 2) return undefined;
  const first = bytes.readUInt8(at);
  let length = bytes.readUInt8(at + 1);
  let start = at + 2;
  if (length === 126) {
    if (left < 4) return undefined;
    length = bytes.readUInt16BE(at + 2);
    start = at + 4;
  } else if (length === 127) {
    if (left < 10) return undefined;
    length = Number(bytes.readBigUInt64BE(at + 2));
    start = at + 10;
  }
  return start + length > bytes.length ? undefined : { first, start, end: start + length };
}

/** Messages made of parts, masked with zeros. */
function masked(first: number, messages: readonly (readonly Uint8Array[])[]): Buffer {
  return Buffer.concat(messages.flatMap((parts) => [headerOf(first, parts), ...parts]));
}

function headerOf(first: number, parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((bytes, part) => bytes + part.length, 0);
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const header = Buffer.alloc(2 + lengthBytes + 4);
  header.writeUInt8(first, 0);
  if (lengthBytes === 0) header.writeUInt8(MASKED | length, 1);
  else if (lengthBytes === 2) {
    header.writeUInt8(MASKED | 126, 1);
    header.writeUInt16BE(length, 2);
  } else {
    header.writeUInt8(MASKED | 127, 1);
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return header;
}

/** Clients with data to send; one `setImmediate` serves them all. */
let toFlush: FastWebSocket[] = [];
function flushAll(): void {
  const clients = toFlush;
  toFlush = [];
  for (const client of clients) client.flush();
}

// The parts of STUN and TURN (RFC 5389, RFC 5766) needed to ask a relay what it permits.
import { createHash, createHmac, randomBytes } from 'node:crypto';

const MAGIC = 0x2112a442;
const HEADER_BYTES = 20;
const INTEGRITY_BYTES = 24;

export const METHODS = { allocate: 0x003, createPermission: 0x008 } as const;
const CLASS_MASK = 0x0110;
const ERROR = 0x0110;
const ATTRIBUTES = {
  username: 0x0006,
  integrity: 0x0008,
  errorCode: 0x0009,
  peerAddress: 0x0012,
  realm: 0x0014,
  nonce: 0x0015,
  transport: 0x0019,
} as const;
const UDP = 17;

export type Credentials = { readonly username: string; readonly password: string };
/** What the server demands to be signed with. */
export type Challenge = { readonly realm: string; readonly nonce: string };
/** `code`: 0 for success, else the error number. */
export type Answer = { readonly id: string; readonly code: number; readonly challenge?: Challenge };

export function request(
  method: keyof typeof METHODS,
  options: { peer?: string; signed?: Credentials & Challenge },
): { id: string; bytes: Buffer } {
  const id = randomBytes(12);
  const attributes = [
    ...(method === 'allocate' ? [attribute('transport', Buffer.from([UDP, 0, 0, 0]))] : []),
    ...(options.peer === undefined ? [] : [attribute('peerAddress', xored(options.peer))]),
  ];
  if (!options.signed) return { id: id.toString('hex'), bytes: message(method, id, attributes) };
  const { username, password, realm, nonce } = options.signed;
  const unsigned = [
    ...attributes,
    attribute('username', Buffer.from(username)),
    attribute('realm', Buffer.from(realm)),
    attribute('nonce', Buffer.from(nonce)),
  ];
  // RFC 5389, 15.4: the header's length includes the signature being made
  const head = message(method, id, unsigned, INTEGRITY_BYTES);
  const key = createHash('md5').update(`${username}:${realm}:${password}`).digest();
  const signature = attribute('integrity', createHmac('sha1', key).update(head).digest());
  return { id: id.toString('hex'), bytes: Buffer.concat([head, signature]) };
}

/** Undefined for anything but a STUN answer. */
export function readAnswer(bytes: Buffer): Answer | undefined {
  if (bytes.length < HEADER_BYTES || bytes.readUInt32BE(4) !== MAGIC) return undefined;
  const found = new Map<number, Buffer>();
  for (let at = HEADER_BYTES; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16BE(at + 2);
    found.set(bytes.readUInt16BE(at), bytes.subarray(at + 4, at + 4 + length));
    at += 4 + padded(length);
  }
  const id = bytes.subarray(8, HEADER_BYTES).toString('hex');
  const error = found.get(ATTRIBUTES.errorCode);
  const isError = (bytes.readUInt16BE(0) & CLASS_MASK) === ERROR;
  const code = isError && error && error.length >= 4 ? (error[2] ?? 0) * 100 + (error[3] ?? 0) : 0;
  const [realm, nonce] = [found.get(ATTRIBUTES.realm), found.get(ATTRIBUTES.nonce)];
  return { id, code, ...(realm && nonce ? { challenge: { realm: `${realm}`, nonce: `${nonce}` } } : {}) };
}

function message(method: keyof typeof METHODS, id: Buffer, attributes: readonly Buffer[], more = 0): Buffer {
  const body = Buffer.concat(attributes);
  const head = Buffer.alloc(8);
  head.writeUInt16BE(METHODS[method], 0);
  head.writeUInt16BE(body.length + more, 2);
  head.writeUInt32BE(MAGIC, 4);
  return Buffer.concat([head, id, body]);
}

function attribute(name: keyof typeof ATTRIBUTES, value: Buffer): Buffer {
  const bytes = Buffer.alloc(4 + padded(value.length));
  bytes.writeUInt16BE(ATTRIBUTES[name], 0);
  bytes.writeUInt16BE(value.length, 2);
  value.copy(bytes, 4);
  return bytes;
}

/** XOR-PEER-ADDRESS of an IPv4 address; permissions ignore the port. */
function xored(address: string): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(1, 1);
  bytes.writeUInt16BE(MAGIC >>> 16, 2);
  const number = Buffer.from(address.split('.').map(Number)).readUInt32BE(0);
  bytes.writeUInt32BE((number ^ MAGIC) >>> 0, 4);
  return bytes;
}

const padded = (length: number): number => Math.ceil(length / 4) * 4;

/**
 * The PROXY protocol, version 2: the header that a pass-through proxy sends first. 16 bytes (a signature, version and
 * command, family and protocol, a length), then the addresses, then TLVs, which are skipped. Strict, because it
 * decides who a client is: version 2, TCP over IPv4 or IPv6, nothing that is merely similar.
 */
export type ProxyHeader = {
  /** Bytes of the whole header; what follows is the client's. */
  length: number;
  /** The client's address; undefined when the proxy speaks for itself, as for a health check. */
  source: string | undefined;
};

const SIGNATURE = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
const FIXED_BYTES = 16;
/** Leaves, besides the addresses of either family, ample room for what load balancers add. */
const MAX_HEADER_BYTES = 2048;

const LOCAL = 0x20;
const PROXY = 0x21;
const UNSPECIFIED = 0x00;
const TCP_IPV4 = 0x11;
const TCP_IPV6 = 0x21;
/** Both addresses and both ports. */
const IPV4_BYTES = 12;
const IPV6_BYTES = 36;

/** `bytes` are the first of a connection, as far as received. Decides as early as it can. */
export function readProxyHeader(bytes: Buffer): ProxyHeader | 'incomplete' | 'wrong' {
  const known = Math.min(bytes.length, SIGNATURE.length);
  if (bytes.compare(SIGNATURE, 0, known, 0, known) !== 0) return 'wrong';
  const [command, family] = [bytes[12], bytes[13]];
  if (command !== undefined && command !== LOCAL && command !== PROXY) return 'wrong';
  if (family !== undefined && command === PROXY && !isFamily(family)) return 'wrong';
  if (bytes.length < FIXED_BYTES) return 'incomplete';
  const length = FIXED_BYTES + bytes.readUInt16BE(14);
  if (length > MAX_HEADER_BYTES || (command === PROXY && length < FIXED_BYTES + addressBytes(family)))
    return 'wrong';
  if (bytes.length < length) return 'incomplete';
  return { length, source: command === PROXY ? sourceOf(family, bytes) : undefined };
}

function isFamily(family: number): boolean {
  return family === UNSPECIFIED || family === TCP_IPV4 || family === TCP_IPV6;
}

function addressBytes(family: number | undefined): number {
  if (family === TCP_IPV4) return IPV4_BYTES;
  return family === TCP_IPV6 ? IPV6_BYTES : 0;
}

function sourceOf(family: number | undefined, bytes: Buffer): string | undefined {
  if (family === TCP_IPV4) return [...bytes.subarray(FIXED_BYTES, FIXED_BYTES + 4)].join('.');
  if (family !== TCP_IPV6) return undefined;
  return Array.from({ length: 8 }, (_, n) => bytes.readUInt16BE(FIXED_BYTES + 2 * n).toString(16)).join(':');
}

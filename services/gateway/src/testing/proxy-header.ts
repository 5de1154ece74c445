import { isIPv4 } from 'node:net';

/** A PROXY protocol v2 header; defaults to a client on TCP over IPv4. */
export function proxyHeader(parts: {
  command?: number;
  family?: number;
  source?: string;
  /** After the addresses, or instead of them. */
  more?: Buffer;
}): Buffer {
  const { command = 0x21, source, more = Buffer.alloc(0) } = parts;
  const addresses = source === undefined ? Buffer.alloc(0) : addressesOf(source);
  const family = parts.family ?? (source?.includes(':') ? 0x21 : 0x11);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(addresses.length + more.length);
  const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
  return Buffer.concat([signature, Buffer.from([command, family]), length, addresses, more]);
}

/** Source, destination and both ports; IPv6 as eight groups. */
function addressesOf(source: string): Buffer {
  const bytes = isIPv4(source)
    ? Buffer.from(source.split('.').map(Number))
    : Buffer.from(
        source
          .split(':')
          .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]),
      );
  return Buffer.concat([bytes, Buffer.alloc(bytes.length), Buffer.alloc(4)]);
}

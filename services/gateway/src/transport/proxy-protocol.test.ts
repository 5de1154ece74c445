import { randomBytes, randomInt } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { proxyHeader } from '../testing/proxy-header.ts';
import { readProxyHeader } from './proxy-protocol.ts';

const valid: [string, Buffer, string | undefined][] = [
  ['IPv4', proxyHeader({ source: '192.0.2.7' }), '192.0.2.7'],
  ['IPv6', proxyHeader({ source: '2001:db8:0:0:0:0:0:7' }), '2001:db8:0:0:0:0:0:7'],
  ['TLVs behind the addresses', proxyHeader({ source: '192.0.2.7', more: randomBytes(300) }), '192.0.2.7'],
  ['LOCAL', proxyHeader({ command: 0x20, family: 0 }), undefined],
  ['LOCAL with what it need not say', proxyHeader({ command: 0x20, source: '192.0.2.7' }), undefined],
  ['an unspecified family', proxyHeader({ family: 0, more: randomBytes(9) }), undefined],
];

test.each(valid)('%s is read, and what follows is left alone', (_, header, source) => {
  const found = readProxyHeader(Buffer.concat([header, Buffer.from('SCHT')]));
  expect(found).toEqual({ length: header.length, source });
});

test.each(valid)('%s is waited for, wherever the bytes are split', (_, header) => {
  for (let length = 0; length < header.length; length++)
    expect([length, readProxyHeader(header.subarray(0, length))]).toEqual([length, 'incomplete']);
});

test.each([
  ['version 1', Buffer.from('PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\n')],
  ['version 1 of the protocol in the binary form', proxyHeader({ command: 0x11, source: '192.0.2.7' })],
  ['version 3', proxyHeader({ command: 0x31, source: '192.0.2.7' })],
  ['an unknown command', proxyHeader({ command: 0x22, source: '192.0.2.7' })],
  ['UDP', proxyHeader({ family: 0x12, source: '192.0.2.7' })],
  ['a UNIX socket', proxyHeader({ family: 0x31, more: randomBytes(216) })],
  ['a family with a missing half', proxyHeader({ family: 0x10, source: '192.0.2.7' })],
  ['addresses that are cut short', proxyHeader({ family: 0x11, more: randomBytes(11) })],
  ['IPv4 where IPv6 is announced', proxyHeader({ family: 0x21, more: randomBytes(12) })],
  [
    'more than anybody has to say',
    proxyHeader({ source: '192.0.2.7', more: randomBytes(2048) }).subarray(0, 16),
  ],
  ['a frame', Buffer.from('SCHT')],
  ['TLS', Buffer.from([0x16, 0x03, 0x01])],
])('%s is refused', (_, bytes) => {
  expect(readProxyHeader(bytes)).toBe('wrong');
});

test('what is refused stays refused with whatever follows, and what is read does not change by it', () => {
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(valid[round % valid.length]![1]);
    for (let changes = randomInt(3); changes > 0; changes--) bytes[randomInt(bytes.length)] = randomInt(256);
    let verdict: ReturnType<typeof readProxyHeader> = 'incomplete';
    for (let length = 0; length <= bytes.length; length += 1 + randomInt(8)) {
      const next = readProxyHeader(bytes.subarray(0, length));
      if (verdict !== 'incomplete') expect(next).toEqual(verdict);
      verdict = next;
    }
    if (typeof verdict === 'object') expect(verdict.length).toBeLessThanOrEqual(2048);
  }
});

test('random bytes behind the signature are read or refused, and never more than the cap is waited for', () => {
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.concat([proxyHeader({}).subarray(0, 12), randomBytes(2048)]);
    expect(readProxyHeader(bytes)).not.toBe('incomplete');
  }
});

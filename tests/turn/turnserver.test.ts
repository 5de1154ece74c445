import { readFileSync } from 'node:fs';
import { BlockList, isIPv6 } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from '@securechat/testkit';

const lines = readFileSync(join(ROOT, 'infra/coturn/turnserver.conf'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

/** What the file denies, as coturn reads it: single addresses and ranges. Two lists, or mapped addresses would count as those inside them. */
const denied = { ipv4: new BlockList(), ipv6: new BlockList() };
const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4');
for (const line of lines) {
  const [name, value = ''] = line.split('=');
  if (name !== 'denied-peer-ip') continue;
  const [from = '', to = from] = value.split('-');
  denied[familyOf(from)].addRange(from, to, familyOf(from));
}

const isDenied = (address: string): boolean => denied[familyOf(address)].check(address, familyOf(address));

test.each([
  ...['0.0.0.0', '10.0.0.1', '10.255.255.255', '100.64.0.1', '127.0.0.1', '169.254.169.254'],
  ...['172.16.0.1', '172.31.255.255', '192.168.1.1', '198.18.0.1', '224.0.0.1', '255.255.255.255'],
  ...['::1', '::ffff:10.0.0.1', '64:ff9b::a00:1', 'fc00::1', 'fd12:3456::1', 'fe80::1', 'ff02::1'],
])('the relay reaches nothing at %s', (address) => {
  expect(isDenied(address)).toBe(true);
});

test.each([
  '8.8.8.8',
  '172.32.0.1',
  '198.51.100.7',
  '203.0.113.9',
  '2606:4700::1111',
  '2001:4860:4860::8888',
])('the relay reaches %s', (address) => {
  expect(isDenied(address)).toBe(false);
});

test('no range of IPv6 begins at the unspecified address: coturn would count all of IPv4 to it', () => {
  expect(lines.filter((line) => /^denied-peer-ip=::(-|$)/.test(line))).toEqual([]);
});

test('only who has credentials of auth gets a relay, and no secret stands in the file', () => {
  expect(lines).toContain('use-auth-secret');
  for (const name of ['user', 'static-auth-secret', 'no-auth', 'allow-loopback-peers', 'lt-cred-mech'])
    expect(lines.filter((line) => line.split('=')[0] === name)).toEqual([]);
});

import { expect, test } from '@jest/globals';
import { createNetworkMatcher, isNetwork } from './networks.ts';

test('an address is in its network and in no other', () => {
  const isOurs = createNetworkMatcher(['10.0.0.0/8', '192.0.2.7', '2001:db8:1::/48', '::1']);
  for (const address of ['10.255.0.1', '192.0.2.7', '::ffff:10.1.2.3', '2001:db8:1:9::5', '::1', '::1%lo'])
    expect([address, isOurs(address)]).toEqual([address, true]);
  for (const address of ['11.0.0.1', '192.0.2.8', '2001:db8:2::1', '::2', '', 'localhost', undefined])
    expect([address, isOurs(address)]).toEqual([address, false]);
});

test('without a network nobody is in one', () => {
  expect(createNetworkMatcher([])('127.0.0.1')).toBe(false);
});

test.each(['10.0.0.0/33', '::/129', 'localhost', '10.0.0', '10.0.0.0/', '10.0.0.0/8/8', ''])(
  '%j is no network',
  (text) => {
    expect(isNetwork(text)).toBe(false);
  },
);

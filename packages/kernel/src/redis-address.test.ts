import { expect, test } from '@jest/globals';
import { parseRedisUrl, slotTagOf } from './redis-address.ts';

test('a server keeps its URL', () => {
  const url = 'rediss://user:secret@cache:6380/2';
  expect(parseRedisUrl(url)).toEqual({ kind: 'server', url });
});

test('a cluster is known by some of its nodes, with one login for all', () => {
  expect(parseRedisUrl('redis+cluster://one:7000,two,[::1]:7002')).toEqual({
    kind: 'cluster',
    nodes: [
      { host: 'one', port: 7000 },
      { host: 'two', port: 6379 },
      { host: '::1', port: 7002 },
    ],
    login: {},
  });
  expect(parseRedisUrl('rediss+cluster://chat:p%40ss@one:7000/')).toEqual({
    kind: 'cluster',
    nodes: [{ host: 'one', port: 7000 }],
    login: { username: 'chat', password: 'p@ss', tls: {} },
  });
});

test.each([
  ['redis://one:7000,two:7000', 'one host'],
  ['redis+cluster://one:7000/2', 'without a database'],
  ['redis+cluster://one:7000,,two', 'hosts separated by commas'],
  ['redis+cluster://one:port', 'redis+cluster://'],
  ['http://one', 'redis://'],
  ['one:7000', 'redis://'],
])('%s is refused', (text, why) => expect(() => parseRedisUrl(text)).toThrow(why));

test('keys with the same part in braces are in one slot', () => {
  expect(slotTagOf('sc:{d.0}:in')).toBe('d.0');
  expect(slotTagOf('sc:gateways')).toBe('sc:gateways');
  // as Redis has it: empty braces count for nothing
  expect(slotTagOf('sc:{}:{a}')).toBe('sc:{}:{a}');
});

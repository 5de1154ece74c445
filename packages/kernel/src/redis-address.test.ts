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

test('Sentinels name a master, with a login for it and another for themselves', () => {
  expect(parseRedisUrl('redis+sentinel://one,two:7001/chat')).toEqual({
    kind: 'sentinel',
    nodes: [
      { host: 'one', port: 26379 },
      { host: 'two', port: 7001 },
    ],
    name: 'chat',
    login: {},
    sentinelPassword: undefined,
  });
  expect(parseRedisUrl('rediss+sentinel://u:p%40ss@one/my.chat?sentinelPassword=s%26s')).toEqual({
    kind: 'sentinel',
    nodes: [{ host: 'one', port: 26379 }],
    name: 'my.chat',
    login: { username: 'u', password: 'p@ss', tls: {} },
    sentinelPassword: 's&s',
  });
});

test.each([
  ['redis+sentinel://one,two', 'the name of the master'],
  ['redis+sentinel://one/a/b', 'the name of the master'],
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
  // as in Redis: empty braces do not count
  expect(slotTagOf('sc:{}:{a}')).toBe('sc:{}:{a}');
});

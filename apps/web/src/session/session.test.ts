import { describe, expect, test } from '@jest/globals';
import { readConfig } from './config.ts';
import { readPreferences } from './preferences.ts';
import { profileOf } from './profile.ts';
import { fromHash, type Route, toHash } from './routes.ts';

const ORIGIN = 'https://chat.example';

describe('config.json', () => {
  test('names one server or both doors, and the key', () => {
    expect(readConfig({ server: 'https://a.example' }, ORIGIN)).toEqual({ server: 'https://a.example' });
    const server = { http: 'https://a.example', socket: 'wss://b.example/v1/ws' };
    expect(readConfig({ server, serviceKey: 'AAAA' }, ORIGIN)).toEqual({ server, serviceKey: 'AAAA' });
  });

  test('without a server means the origin of the page', () => {
    expect(readConfig({}, ORIGIN)).toEqual({ server: ORIGIN });
  });

  test.each([
    null,
    'a',
    { server: 5 },
    { server: 'nowhere' },
    { server: { http: ORIGIN } },
    { serviceKey: 1 },
  ])('that makes no sense is refused: %j', (file) => {
    expect(() => readConfig(file, ORIGIN)).toThrow('config.json');
  });
});

describe('preferences', () => {
  test('come back as they were saved', () => {
    const saved = {
      theme: 'dark',
      readReceipts: false,
      isShown: false,
      isMarkdown: false,
      timers: { c: 60_000 },
    };
    expect(readPreferences(JSON.stringify(saved))).toEqual(saved);
  });

  test.each([null, '', '{', '5', '{"theme":"<b>","readReceipts":"no","timers":{"c":-1,"d":"x"}}'])(
    'that make no sense are the defaults: %j',
    (text) => {
      expect(readPreferences(text)).toEqual({
        theme: 'system',
        readReceipts: undefined,
        isShown: true,
        isMarkdown: true,
        timers: {},
      });
    },
  );
});

test.each([
  ['?profile=bob', 'bob'],
  ['', 'default'],
  ['?profile=', 'default'],
  ['?profile=../x', 'default'],
  ['?profile=Bob', 'default'],
])('%j is the profile %s', (search, profile) => {
  expect(profileOf(search)).toBe(profile);
});

const routes: Route[] = [
  { page: 'list' },
  { page: 'new-group' },
  { page: 'conversation', id: 'a/b#c' },
  { page: 'conversation', id: 'a', panel: 'details' },
  { page: 'conversation', id: 'a', threadId: 'm/1' },
  { page: 'conversation', id: 'a', messageId: 'm/1' },
  { page: 'conversation', id: 'a', threadId: 'm', messageId: 'n/1' },
  { page: 'person', userId: 'jörg@example' },
  { page: 'join' },
  { page: 'join', link: 'securechat-invite:1:c:alice:A:B' },
];

test.each(routes)('the address leads back to %j', (route) => {
  expect(fromHash(toHash(route))).toEqual(route);
});

test.each(['', '#', '#/nowhere', '#/c', '#/c/', '#/person/', '#/c/%'])('%j leads to the list', (hash) => {
  expect(fromHash(hash)).toEqual({ page: 'list' });
});

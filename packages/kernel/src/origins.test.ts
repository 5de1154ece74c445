import { expect, test } from '@jest/globals';
import { createOriginMatcher, isOriginPattern } from './origins.ts';

test('an origin is allowed when it is listed, and nothing like it is', () => {
  const isAllowed = createOriginMatcher(['https://chat.example.com', 'http://localhost:*', 'app://chat']);
  for (const origin of [
    'https://chat.example.com',
    'http://localhost',
    'http://localhost:5173',
    'app://chat',
  ])
    expect([origin, isAllowed(origin)]).toEqual([origin, true]);
  for (const origin of [
    'http://chat.example.com',
    'https://chat.example.com:8443',
    'https://chat.example.com.evil.example',
    'https://evil.example/https://chat.example.com',
    'https://localhost:5173',
    'http://localhost.evil.example:5173',
    'http://localhost:5173@evil.example',
    'null',
    '*',
    '',
  ])
    expect([origin, isAllowed(origin)]).toEqual([origin, false]);
});

test('a star allows every page, and an empty list none', () => {
  expect(createOriginMatcher(['*'])('https://anywhere.example')).toBe(true);
  expect(createOriginMatcher([])('https://anywhere.example')).toBe(false);
});

test('what no browser would send is no pattern', () => {
  for (const text of [
    '*',
    'https://a.example',
    'http://127.0.0.1:*',
    'http://[::1]:80',
    'capacitor://localhost',
  ])
    expect([text, isOriginPattern(text)]).toEqual([text, true]);
  for (const text of [
    'https://a.example/',
    'a.example',
    'https://*.example',
    'HTTPS://a.example',
    'null',
    '',
  ])
    expect([text, isOriginPattern(text)]).toEqual([text, false]);
});

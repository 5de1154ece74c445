import { expect, test } from '@jest/globals';
import { deviceTitle, proposedName } from './device-names.ts';

test.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
    'Edge on Windows',
  ],
  [
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
    'Chrome on Android',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15',
    'Safari on macOS',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1',
    'Chrome on iOS',
  ],
  ['something else', 'Browser'],
])('%s is called %s', (userAgent, name) => expect(proposedName(userAgent)).toBe(name));

test('a name shows nothing that is invisible or turns the text around, and an id in its place', () => {
  const deviceId = 'd_1';
  expect(deviceTitle({ deviceId, name: ' my\u202e \u200bphone\n' })).toBe('my phone');
  expect(deviceTitle({ deviceId, name: '\u202e\u200b' })).toBe('d_1');
  expect(deviceTitle({ deviceId })).toBe('d_1');
});

import { expect, test } from '@jest/globals';
import { readConfig } from '@securechat/kernel';
import { options } from './config.ts';

test('the defaults are the seed’s numbers', () => {
  const { config, secrets } = readConfig(options, { REDIS_URL: 'redis://:hidden@127.0.0.1' });
  expect(config).toMatchObject({
    messagesPerMinute: 100,
    connectionsPerUser: 5,
    connectionsPerAddress: 100,
    handshakeTimeoutMs: 10_000,
    host: '127.0.0.1',
  });
  expect(secrets.redisUrl).toBe('redis://:hidden@127.0.0.1');
  expect(JSON.stringify({ config, secrets })).not.toContain('hidden');
});

test.each([
  ['GATEWAY_ID', 'a b'],
  ['GATEWAY_ID', 'a:b'],
  ['GATEWAY_MESSAGES_PER_MINUTE', '0'],
  ['GATEWAY_WS_PORT', '70000'],
  ['STREAM_PARTITIONS', '0'],
  ['GATEWAY_TRUSTED_PROXIES', 'proxy.local'],
  ['ALLOWED_ORIGINS', 'chat.example.com'],
])('%s=%s is refused', (name, value) => {
  expect(() => readConfig(options, { REDIS_URL: 'redis://x', [name]: value })).toThrow(name);
});

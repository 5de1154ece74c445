import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { ConfigError } from '@securechat/kernel';
import { readPushConfig } from './read-config.ts';

const SOUND = {
  REDIS_URL: 'redis://127.0.0.1:6379',
  POSTGRES_URL: 'postgres://securechat_push@127.0.0.1/securechat',
  PUSH_VAPID_PRIVATE_KEY: Buffer.alloc(32, 1).toString('base64url'),
  PUSH_CONTACT: 'mailto:admin@example.com',
};
const KEY = { PUSH_BRIDGE_KEY: randomBytes(32).toString('base64') };
const URL = { PUSH_BRIDGE_URL: 'https://bridge.example.com/wake' };

function faultsOf(more: NodeJS.ProcessEnv): readonly string[] {
  try {
    readPushConfig({ ...SOUND, ...more });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

test('a bridge has an address and a key, or neither', () => {
  expect(faultsOf({})).toEqual([]);
  expect(faultsOf({ ...URL, ...KEY })).toEqual([]);
  const fault = expect.stringMatching('PUSH_BRIDGE_URL and PUSH_BRIDGE_KEY belong together');
  expect(faultsOf(URL)).toEqual([fault]);
  expect(faultsOf(KEY)).toEqual([fault]);
  // an invalid option is not reported as missing too
  expect(faultsOf({ ...KEY, PUSH_BRIDGE_URL: 'bridge' })).toHaveLength(1);
});

test('what has the length of a key and is none is told by its name, and not shown', () => {
  const key = Buffer.alloc(32, 0xff).toString('base64url');
  const [fault = ''] = faultsOf({ PUSH_VAPID_PRIVATE_KEY: key });
  expect(fault).toMatch('PUSH_VAPID_PRIVATE_KEY is no private key of P-256');
  expect(fault).not.toContain(key);
});

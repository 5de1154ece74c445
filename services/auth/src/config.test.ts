import { expect, test } from '@jest/globals';
import { ConfigError, readConfig } from '@securechat/kernel';
import { authOptions } from './config.ts';

const env = {
  POSTGRES_URL: 'postgres://auth:pw@db/securechat',
  REDIS_URL: 'redis://127.0.0.1',
  AUTH_SERVICE_KEY: Buffer.alloc(32, 7).toString('base64'),
};

test('the service key becomes 32 bytes, and nothing secret can be printed', () => {
  const { config, secrets } = readConfig(authOptions, env);
  expect(Buffer.from(secrets.serviceKeySeed)).toEqual(Buffer.alloc(32, 7));
  expect(JSON.stringify({ config, secrets })).not.toMatch(/BwcH|pw@/);
  expect(config).toMatchObject({
    streamPrefix: 'sc',
    streamPartitions: 4,
    enrolment: 'open',
    enrolmentsPerMinute: 60,
  });
});

test('without a service key the operator is told how to make one', () => {
  const { AUTH_SERVICE_KEY: _, ...without } = env;
  expect(() => readConfig(authOptions, without)).toThrow(ConfigError);
  expect(() => readConfig(authOptions, without)).toThrow(
    /AUTH_SERVICE_KEY is missing.*openssl rand -base64 32/,
  );
});

test('a service key of another length or spelling is refused and not shown', () => {
  for (const key of [Buffer.alloc(31, 7).toString('base64'), `${env.AUTH_SERVICE_KEY} `, 'BwcHsecret']) {
    const read = () => readConfig(authOptions, { ...env, AUTH_SERVICE_KEY: key });
    expect(read).toThrow(/AUTH_SERVICE_KEY.*32 bytes in base64/);
    expect(read).not.toThrow(/BwcH/);
  }
});

test('no other way to enrol is known, and no ticket or certificate lives for more than a day', () => {
  for (const wrong of [
    { AUTH_ENROLMENT: 'invite' },
    { AUTH_TICKET_VALID_MS: '25h' },
    { AUTH_CERTIFICATE_VALID_MS: '25h' },
    { AUTH_ENROLMENTS_PER_MINUTE: '0' },
  ]) {
    expect(() => readConfig(authOptions, { ...env, ...wrong })).toThrow(ConfigError);
  }
});

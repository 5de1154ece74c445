import { describe, expect, test } from '@jest/globals';
import { ConfigError, readConfig } from '@securechat/kernel';
import { authOptions } from './config.ts';
import { readAuthConfig } from './read-config.ts';

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

test('no fourth way to enrol is known, and no ticket or certificate lives for more than a day', () => {
  for (const wrong of [
    { AUTH_ENROLMENT: 'closed' },
    { AUTH_TICKET_VALID_MS: '25h' },
    { AUTH_CERTIFICATE_VALID_MS: '25h' },
    { AUTH_ENROLMENTS_PER_MINUTE: '0' },
  ]) {
    expect(() => readConfig(authOptions, { ...env, ...wrong })).toThrow(ConfigError);
  }
});

describe('enrolment by token', () => {
  const jwt = { AUTH_ENROLMENT: 'jwt', AUTH_JWT_ISSUER: 'product', AUTH_JWT_AUDIENCE: 'chat' };
  const AUTH_JWT_SECRET = 'x'.repeat(32);
  const read = (given: object) => () => readAuthConfig({ ...env, ...given });

  test('needs an issuer, an audience and a key, and all that is missing is told at once, with other faults', () => {
    const faulty = read({ AUTH_ENROLMENT: 'jwt', AUTH_HTTP_PORT: 'x' });
    for (const name of [
      'AUTH_HTTP_PORT',
      'AUTH_JWT_ISSUER',
      'AUTH_JWT_AUDIENCE',
      'exactly one of AUTH_JWT_SECRET',
    ])
      expect(faulty).toThrow(name);
  });

  test('takes a shared secret of 32 characters or a key set, and not both', () => {
    const jwks = { AUTH_JWT_JWKS_URL: 'https://id.example.org/keys' };
    expect(read({ ...jwt, AUTH_JWT_SECRET })().secrets.jwtSecret).toBe(AUTH_JWT_SECRET);
    expect(read({ ...jwt, ...jwks })().config.jwksUrl).toBe(jwks.AUTH_JWT_JWKS_URL);
    expect(read({ ...jwt, ...jwks, AUTH_JWT_SECRET })).toThrow('exactly one');
    expect(read({ ...jwt, AUTH_JWT_SECRET: 'x'.repeat(31) })).toThrow('at least 32 characters');
  });

  test.each([
    { AUTH_JWT_SECRET },
    { AUTH_JWT_JWKS_URL: 'https://id.example.org/keys' },
    { AUTH_JWT_ISSUER: 'product' },
    { AUTH_JWT_AUDIENCE: 'chat' },
  ])('that was told of by %j and not asked for leaves no door open', (given) => {
    const [name = ''] = Object.keys(given);
    expect(read(given)).toThrow(`${name} is set, and AUTH_ENROLMENT is open`);
    const invite = { AUTH_ENROLMENT: 'invite', AUTH_ADMIN_TOKEN: 'x'.repeat(32) };
    expect(read({ ...given, ...invite })).toThrow(`${name} is set, and AUTH_ENROLMENT is invite`);
  });

  test('takes keys over plain HTTP from this machine only', () => {
    expect(read({ ...jwt, AUTH_JWT_JWKS_URL: 'http://id.example.org/keys' })).toThrow('must be https');
    expect(read({ ...jwt, AUTH_JWT_JWKS_URL: 'http://127.0.0.1:9/keys' })().config.jwtUserClaim).toBe('sub');
  });
});

test('enrolment by invite needs somebody who can make codes', () => {
  const invite = { ...env, AUTH_ENROLMENT: 'invite' };
  expect(() => readAuthConfig(invite)).toThrow('AUTH_ADMIN_TOKEN is missing');
  expect(readAuthConfig({ ...invite, AUTH_ADMIN_TOKEN: 'x'.repeat(32) }).config.enrolment).toBe('invite');
});

test('of the service keys no two are the same', () => {
  const [own, other] = [env.AUTH_SERVICE_KEY, Buffer.alloc(32, 8).toString('base64')];
  const read = (given: object) => () => readAuthConfig({ ...env, ...given });
  expect(read({ AUTH_SERVICE_KEY_NEXT: own })).toThrow(
    'AUTH_SERVICE_KEY_NEXT is the same as AUTH_SERVICE_KEY.',
  );
  const twice = read({ AUTH_SERVICE_KEY_NEXT: other, AUTH_SERVICE_KEY_PREVIOUS: other });
  expect(twice).toThrow('AUTH_SERVICE_KEY_PREVIOUS is the same as AUTH_SERVICE_KEY_NEXT.');
  expect(twice).not.toThrow(other);
  expect(read({ AUTH_SERVICE_KEY_PREVIOUS: other })().secrets.serviceKeyPreviousSeed).toHaveLength(32);
});

test('TURN servers and their secret belong together, and a list that cannot be read is the only fault', () => {
  const read = (given: object) => () => readAuthConfig({ ...env, ...given });
  const secret = { AUTH_TURN_SECRET: 'x'.repeat(32) };
  expect(read(secret)).toThrow('belong together');
  expect(read({ ...secret, AUTH_TURN_URLS: 'turn:turn.example.org' })().config.turnUrls).toHaveLength(1);
  const unreadable = read({ ...secret, AUTH_TURN_URLS: 'turn.example.org' });
  expect(unreadable).toThrow(ConfigError);
  expect(unreadable).toThrow('The environment has 1 fault(s)');
});

test('an admin token is no short one', () => {
  expect(() => readAuthConfig({ ...env, AUTH_ADMIN_TOKEN: 'x'.repeat(31) })).toThrow('AUTH_ADMIN_TOKEN');
  expect(readAuthConfig({ ...env, AUTH_ADMIN_TOKEN: 'x'.repeat(32) }).secrets.adminToken).toHaveLength(32);
  expect(readAuthConfig(env).secrets.adminToken).toBeUndefined();
});

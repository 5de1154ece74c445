import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from '@jest/globals';
import {
  bool,
  bytes,
  ConfigError,
  defineConfig,
  describeConfig,
  durationMs,
  int,
  list,
  oneOf,
  readConfig,
  secret,
  str,
  url,
} from './config.ts';

const spec = defineConfig({
  name: str({ env: 'NAME', doc: 'A name', max: 5 }),
  port: int({ env: 'PORT', default: 80, min: 1, max: 65_535, doc: 'A port' }),
  isLoud: bool({ env: 'LOUD', default: false, doc: 'Loud or not' }),
  waitMs: durationMs({ env: 'WAIT', default: 1500, doc: 'How long' }),
  sizeBytes: bytes({ env: 'SIZE', default: 10, doc: 'How much' }),
  color: oneOf(['red', 'green'], { env: 'COLOR', default: 'red', doc: 'Which' }),
  hosts: list({ env: 'HOSTS', default: [], doc: 'Where' }),
  nickname: str({ env: 'NICKNAME', optional: true, doc: 'Another name' }),
  redisUrl: url({ env: 'REDIS_URL', protocols: ['redis:', 'rediss:'], secret: true, doc: 'The wire' }),
  apiKey: secret({ env: 'API_KEY', min: 8, doc: 'A key' }),
});
const env = { NAME: 'anna', REDIS_URL: 'redis://:hidden1@cache:6379', API_KEY: 'hidden2hidden2' };

function faultsOf(overrides: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(spec, { ...env, ...overrides });
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

test('defaults are used, and an empty variable counts as missing', () => {
  const { config } = readConfig(spec, { ...env, PORT: '', COLOR: 'green' });
  expect(config).toEqual({
    name: 'anna',
    port: 80,
    isLoud: false,
    waitMs: 1500,
    sizeBytes: 10,
    color: 'green',
    hosts: [],
    nickname: undefined,
  });
});

test.each([
  ['WAIT', '250', 'waitMs', 250],
  ['WAIT', '250ms', 'waitMs', 250],
  ['WAIT', '1.5s', 'waitMs', 1500],
  ['WAIT', '7d', 'waitMs', 604_800_000],
  ['SIZE', '64KiB', 'sizeBytes', 65_536],
  ['SIZE', '10MB', 'sizeBytes', 10_000_000],
  ['HOSTS', ' a, b,', 'hosts', ['a', 'b']],
  ['LOUD', '1', 'isLoud', true],
] as const)('%s=%s is read with its unit', (variable, text, name, expected) => {
  const { config } = readConfig(spec, { ...env, [variable]: text });
  expect(config[name]).toEqual(expected);
});

test('all faults are reported at once, each with what is wrong, what is expected and an example', () => {
  const faults = faultsOf({ NAME: undefined, PORT: '0', COLOR: 'blue', SIZE: '10 horses' });
  expect(faults).toHaveLength(4);
  expect(faults[0]).toBe('NAME is missing. A name. Example: NAME=text');
  expect(faults[1]).toBe('PORT is "0": it must be at least 1. A port. Example: PORT=80');
  expect(faults[2]).toContain('SIZE is "10 horses": it must be a size');
  expect(faults[3]).toContain('COLOR is "blue": it must be one of red, green');
});

test('a fault of a secret does not show its value', () => {
  const faults = faultsOf({ API_KEY: 'short', REDIS_URL: 'http://:hidden1@cache' }).join('\n');
  expect(faults).toContain('API_KEY has a value that does not fit: it must be at least 8 characters long');
  expect(faults).toContain('REDIS_URL has a value that does not fit: it must be a redis:// or rediss:// URL');
  expect(faults).not.toMatch(/short|hidden/);
});

test('secrets are apart and appear neither in JSON nor in a spread nor in an inspection', () => {
  const { config, secrets } = readConfig(spec, env);
  expect(secrets.redisUrl).toBe('redis://:hidden1@cache:6379');
  expect(secrets.apiKey).toBe('hidden2hidden2');
  for (const shown of [
    JSON.stringify(secrets),
    inspect({ ...secrets }),
    inspect(secrets),
    JSON.stringify(config),
  ]) {
    expect(shown).not.toContain('hidden');
  }
});

test('a URL that is not declared secret must not hold a password', () => {
  const open = defineConfig({ site: url({ env: 'SITE', protocols: ['https:'], doc: 'A site' }) });
  expect(() => readConfig(open, { SITE: 'https://me:hidden1@example.org' })).toThrow(
    'a URL without a password in it',
  );
  expect(() => readConfig(open, { SITE: 'https://me:hidden1@example.org' })).not.toThrow('hidden1');
});

test('a secret may stand in a file, whose last line break is dropped', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kernel-config-'));
  try {
    const path = join(folder, 'key');
    writeFileSync(path, 'from-a-file\n');
    const { secrets } = readConfig(spec, { ...env, API_KEY: undefined, API_KEY_FILE: path });
    expect(secrets.apiKey).toBe('from-a-file');
    expect(faultsOf({ API_KEY: undefined, API_KEY_FILE: join(folder, 'none') })[0]).toContain(
      'API_KEY_FILE: ENOENT',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the spec describes itself for the documentation', () => {
  const rows = describeConfig(spec);
  expect(rows.map((row) => row.env)).toEqual(Object.values(spec).map((option) => option.env));
  expect(rows[1]).toEqual({
    env: 'PORT',
    type: 'integer',
    default: '80',
    doc: 'A port',
    required: false,
    secret: false,
    min: 1,
    max: 65_535,
  });
  expect(rows.filter((row) => row.required).map((row) => row.env)).toEqual(['NAME', 'REDIS_URL', 'API_KEY']);
  expect(rows.filter((row) => row.secret).map((row) => row.env)).toEqual(['REDIS_URL', 'API_KEY']);
});

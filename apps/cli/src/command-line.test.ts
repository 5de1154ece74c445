import { describe, expect, test } from '@jest/globals';
import {
  DeviceRevoked,
  LoginRefused,
  ServerNotGenuine,
  ServerRefused,
  ServerUnreachable,
} from '@securechat/client';
import { runCommandLine } from './command-line.ts';
import { commands } from './commands/index.ts';
import { describeFailure } from './failures.ts';
import { homeFolder, serverAddress } from './home.ts';
import { outputTo } from './output/output.ts';
import { readWords } from './read-words.ts';

async function run(...argv: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const exitCode = await runCommandLine(
    argv,
    outputTo(
      (text) => void out.push(text),
      (text) => void err.push(text),
    ),
  );
  return { exitCode, out: out.join(''), err: err.join('') };
}

const options = { to: { type: 'string', value: 'FILE', doc: '' } } as const;

describe('the command line', () => {
  test('names every command, and helps with each', async () => {
    const { out } = await run();
    for (const [name, { summary }] of Object.entries(commands)) {
      expect(out).toMatch(new RegExp(`^  ${name} +${summary.slice(0, 20)}`, 'm'));
      expect(await run(name, '--help')).toMatchObject({
        exitCode: 0,
        out: expect.stringContaining(`securechat ${name}`),
      });
    }
  });

  test.each([
    [['sing']],
    [['constructor']],
    [['send']],
    [['devices', 'x']],
    [['listen', '--loud']],
    [['signup', 'a', '--home']],
  ])('refuses %j with help', async (argv) => {
    expect(await run(...argv)).toMatchObject({
      exitCode: 2,
      out: '',
      err: expect.stringContaining('securechat'),
    });
  });

  test('takes a word that begins with one hyphen for a name: ids may', () => {
    const described = { usage: 'ID', takes: [1, 1], summary: '', options } as const;
    expect(readWords('test', described, {}, ['-x_9', '--to', '-file'])).toMatchObject({
      args: ['-x_9'],
      values: { to: '-file' },
    });
    expect(readWords('test', described, { help: { type: 'boolean', doc: '' } }, ['-h'])).toBe('help');
    expect(() => readWords('test', described, {}, ['a', '--loud'])).toThrow('--loud');
  });

  test('shows no control character of what was typed', async () => {
    expect((await run('\x1b[2J')).err).not.toContain('\x1b');
  });
});

describe('a failure', () => {
  test.each([
    [new ServerUnreachable('no answer'), 3],
    [new DeviceRevoked('revoked'), 4],
    [new ServerNotGenuine('not_proved'), 5],
    [new TypeError('ours'), 1],
  ])('%p has its exit code, and advice', (error, exitCode) => {
    const told = describeFailure(error);
    expect(told.exitCode).toBe(exitCode);
    expect(told.text.split('\n').length).toBeGreaterThan(1);
  });
});

test('a device that is not let in is told what to do, and nothing of recovery codes', () => {
  const answer = {
    type: 'error',
    error_code: 'AUTHENTICATION_FAILED',
    error_message: 'no',
    code: 1001,
  } as const;
  const cause = new ServerRefused(answer);
  expect(describeFailure(new LoginRefused('no', { cause })).text).toContain('may have been revoked');
  expect(describeFailure(cause).text).toContain('Check the recovery code');
});

describe('where things are', () => {
  test('the folder is the one that was named, else that of the environment, else below the data home', () => {
    const env = { INIT_CWD: '/here', XDG_DATA_HOME: '/data' };
    expect(homeFolder('bob', env)).toBe('/here/bob');
    expect(homeFolder(undefined, { ...env, SECURECHAT_HOME: '/bob' })).toBe('/bob');
    expect(homeFolder(undefined, env)).toBe('/data/securechat');
  });

  test('the server has one door, or two; without a word it is that of `npm start`', () => {
    expect(serverAddress({ server: 'https://chat.example' }, {})).toBe('https://chat.example');
    expect(serverAddress({ socket: 'wss://b' }, { SECURECHAT_SERVER: 'https://a' })).toEqual({
      ...{ http: 'https://a', socket: 'wss://b' },
    });
    expect(serverAddress({}, {})).toEqual({
      http: 'http://127.0.0.1:7450',
      socket: 'ws://127.0.0.1:7443/v1/ws',
    });
    expect(() => serverAddress({ server: 'ws://a' }, {})).toThrow('http://');
  });
});

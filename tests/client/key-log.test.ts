import { describe, expect } from '@jest/globals';
import { tcpTransport } from '@securechat/client/node';
import { until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { type EvilServer, useEvilServers } from './support/evil-server.ts';
import { type TestDevice, useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 1 });
const { test } = stack;
const devices = useDevices(stack);
const evilServer = useEvilServers(stack);

const idOf = ({ client }: TestDevice): string => client.me.userId;
const alarmsOf = ({ alarms }: TestDevice): string[] => alarms.map(({ type }) => type);
const asked = ({ sent }: EvilServer, field: string): unknown[] =>
  sent.filter(({ type }) => type === 'key_log_proof').filter((question) => field in question);

/** Bob behind a server that may begin to lie. */
async function behind() {
  const server = await evilServer();
  const bob = await devices.signUp('bob', { socket: server.url, transport: tcpTransport() });
  await until('he follows the log', () => asked(server, 'list').length > 0);
  return { server, bob };
}

describe('the log of device lists', () => {
  test('is looked up for everybody one meets, compared with what they were shown, and nothing is told of honest people', async () => {
    const { server, bob } = await behind();
    const alice = await devices.signUp('alice');
    await until('she has something to tell', async () => {
      const chat = await alice.client.direct(idOf(bob));
      await chat.send('hello');
      return asked(server, 'first').length > 0;
    });
    await until('he has looked her up', () =>
      JSON.stringify(asked(server, 'list')).includes(`"${idOf(alice)}"`),
    );
    expect([alarmsOf(alice), alarmsOf(bob)]).toEqual([[], []]);
  });

  test('is not believed when it stops for one of them while lists come in for others', async () => {
    const { server, bob } = await behind();
    let stopped: Record<string, unknown> | undefined;
    server.answer = (answer) => {
      if (answer.type !== 'key_log') return answer;
      stopped ??= { head: answer.head };
      return { ...answer, ...stopped, entries: '' };
    };
    const alice = await devices.signUp('alice');
    const chat = await bob.client.direct(idOf(alice));
    await chat.send('hello');
    await until('he is told', () => bob.alarms.length > 0);
    expect(new Set(alarmsOf(bob))).toEqual(new Set(['key-log']));
    expect(alarmsOf(alice)).toEqual([]);
  });

  test('has no list whose proof is that of another', async () => {
    const { server, bob } = await behind();
    const alice = await devices.signUp('alice');
    server.answer = (answer) =>
      answer.type === 'key_log_proof' && answer.position !== undefined ? { ...answer, position: 0 } : answer;
    await bob.client.identity(idOf(alice));
    await until('he is told', () => bob.alarms.length > 0);
    expect(new Set(alarmsOf(bob))).toEqual(new Set(['key-log']));
  });
});

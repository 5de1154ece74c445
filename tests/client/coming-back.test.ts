import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { tcpTransport } from '@securechat/client/node';
import { until } from '@securechat/testkit';
import { type FaultProxy, startFaultProxy } from '../chaos/proxy.ts';
import { useConstellation } from '../support/stack.ts';
import { useConnections } from './support/connect.ts';
import { texts, useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 2, deliveries: 1 });
const { test } = stack;
const open = useConnections(stack);
const devices = useDevices(stack);
const PASS = { kind: 'pass' } as const;
let proxy: FaultProxy;

beforeAll(async () => {
  proxy = await startFaultProxy({ port: stack.constellation.gateways[0]!.tcpPort });
});
afterAll(async () => {
  await proxy?.close();
});

const throughProxy = () => ({ urls: [`tcp://127.0.0.1:${proxy.port}`], transport: tcpTransport() });

describe('it comes back by itself', () => {
  test('at another gateway when its own one drains, at the time it was given', async () => {
    const [first] = stack.constellation.gateways;
    const { connected, connection, failures, sessions } = open(await stack.person('alice'));
    await connected();
    await first!.stop();
    try {
      await until('it is connected to the other one', () => sessions.length === 2);
      expect(connection.state).toBe('connected');
      expect(failures[0]?.error).toMatchObject({ name: 'ConnectionLost', isRetryable: true });
      expect(failures[0]?.error.message).toContain('1012');
    } finally {
      await first!.restart();
    }
  });

  test('when the connection is reset, with the ticket of the session before', async () => {
    const { connected, failures, sessions } = open(await stack.person('alice'), throughProxy());
    await connected();
    proxy.cut();
    await until('it is back', () => sessions.length === 2);
    expect(failures.map(({ error }) => error.name)).toEqual(['ConnectionLost']);
    expect(failures[0]?.retryInMs).toBeGreaterThanOrEqual(750);
    expect(sessions[1]?.keepsake).toEqual(sessions[0]?.keepsake);
  });

  test('when the cable is cut and somebody looks: a nudge finds out within seconds', async () => {
    const { connected, connection, failures, sessions } = open(await stack.person('alice'), throughProxy());
    await connected();
    proxy.set({ kind: 'blackhole', of: ['up', 'down'] });
    const nudgedAtMs = performance.now();
    try {
      connection.nudge();
      await until('it knows', () => failures[0]);
      expect(performance.now() - nudgedAtMs).toBeGreaterThan(4_500);
      expect(failures[0]?.error.message).toContain('nothing was heard');
    } finally {
      proxy.set(PASS);
    }
    connection.nudge();
    await until('it is back', () => sessions.length === 2, 20_000);
  }, 60_000);

  test('when the cable is cut and something is said: the answer that does not come is missed', async () => {
    const socket = `tcp://127.0.0.1:${proxy.port}`;
    const { client } = await devices.signUp('ann', { socket, transport: tcpTransport() });
    const bob = await devices.signUp('ben');
    const chat = await client.direct(bob.client.me.userId);
    await chat.send('first');
    await until('Bob has it', () => texts(bob.seen).includes('first'), 20_000);
    await until('nothing waits', () => client.waiting === 0);
    proxy.set({ kind: 'blackhole', of: ['up', 'down'] });
    try {
      await chat.send('second');
      // without anything said it would be 75 s
      await until('it knows', () => client.state !== 'connected', 30_000);
    } finally {
      proxy.set(PASS);
    }
    await until('Bob has that too', () => texts(bob.seen).includes('second'), 60_000);
  }, 150_000);

  test('a nudge on a connection that is well changes nothing', async () => {
    const { connected, connection, failures, states } = open(await stack.person('alice'), throughProxy());
    await connected();
    connection.nudge();
    await connection.request('key_count', {});
    expect([failures, states.at(-1)]).toEqual([[], 'connected']);
  });
});

test('a question whose answer was lost with the connection gets it on the next one', async () => {
  const person = await stack.person('alice');
  const { connected, connection, sessions } = open(person, throughProxy());
  await connected();
  proxy.set({ kind: 'swallow' });
  const answer = connection.request('device_list', { user_id: person.id });
  await new Promise((resolve) => setTimeout(resolve, 300));
  proxy.set(PASS);
  proxy.cut();
  expect(await answer).toMatchObject({ user_id: person.id });
  expect(sessions).toHaveLength(2);
});

test('a question that is asked while nobody is there is answered when somebody is', async () => {
  const person = await stack.person('alice');
  proxy.set({ kind: 'reset' });
  const { connection, failed } = open(person, throughProxy());
  const answer = connection.request('device_list', { user_id: person.id });
  await failed();
  proxy.set(PASS);
  connection.nudge();
  expect(await answer).toMatchObject({ user_id: person.id });
  await connection.stop();
  await expect(connection.request('key_count', {})).rejects.toMatchObject({ name: 'NotConnected' });
});

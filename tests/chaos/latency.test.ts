import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { History } from '@securechat/testkit';
import { watchLatencies } from './latency.ts';

const [HERE, AWAY] = ['a:1', 'b:1'];

/** One device is online, the other one is not. */
function begin() {
  const history = new History();
  const connection = (phase: 'up' | 'down', device: string) =>
    history.add({ type: 'connection', phase, device, why: '' });
  connection('up', HERE);
  return {
    latencies: watchLatencies(history),
    connection,
    send: (id: string, device = HERE) =>
      history.add({ type: 'send', phase: 'invoke', device, id, conversation_id: 'c', sha256: 'x' }),
    acked: (id: string) =>
      history.add({
        ...{ type: 'send', phase: 'ok', device: HERE, id, conversation_id: 'c' },
        ...{ client_seq: 1, conv_seq: 2, dup: false },
      }),
  };
}

test('a send without an answer is as slow as it is old, and one of a device that is away does not count', async () => {
  const { latencies, send, acked } = begin();
  send('answered');
  acked('answered');
  send('open');
  send('away', AWAY);
  latencies.between(0, 0);
  await wait(60);
  const window = latencies.between(0, Number.POSITIVE_INFINITY);
  expect(window).toMatchObject({ sends: 2, unanswered: 1 });
  expect(window.p99Ms).toBeGreaterThanOrEqual(50);
});

test('one message in a thousand that nobody answers is overdue, though no percentile shows it', async () => {
  const { latencies, send, acked } = begin();
  for (let n = 0; n < 1_000; n++) {
    send(`m${n}`);
    if (n !== 500) acked(`m${n}`);
  }
  expect(latencies.overdue(60_000)).toEqual([]);
  await wait(60);
  expect(latencies.between(0, Number.POSITIVE_INFINITY).p99Ms).toBeLessThan(50);
  expect(latencies.overdue(50)).toEqual([expect.stringMatching(/^a:1\/m500 for 0\.\d s$/)]);
  acked('m500');
  expect(latencies.overdue(50)).toEqual([]);
});

test('a message is overdue only when its device has been online for all the time', async () => {
  const { latencies, send, connection } = begin();
  send('cut');
  send('away', AWAY);
  await wait(1_100);
  connection('down', HERE);
  connection('up', HERE);
  connection('up', AWAY);
  expect(latencies.overdue(1_000)).toEqual([]);
  await wait(60);
  expect(latencies.overdue(50)).toHaveLength(2);
  connection('down', HERE);
  expect(latencies.overdue(50)).toEqual([expect.stringContaining('b:1/away')]);
});

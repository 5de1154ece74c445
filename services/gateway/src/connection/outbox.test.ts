import { expect, test } from '@jest/globals';
import { MAX_PACKED_BYTES, MAX_PACKED_FRAMES } from '@securechat/protocol';
import { TestTransport, turnEnded } from '../testing/transport.ts';
import { Outbox } from './outbox.ts';

const frame = (bytes: number, fill = 0) => new Uint8Array(bytes).fill(fill);

test('what one turn produces leaves in one write, in order', async () => {
  const transport = new TestTransport();
  const outbox = new Outbox(transport, () => undefined);
  for (let n = 1; n <= 3; n++) outbox.send(frame(n, n));
  await Promise.resolve();
  expect(transport.writes).toEqual([]);
  expect(outbox.bufferedBytes).toBe(6);
  await turnEnded();
  expect(transport.writes.map((bytes) => [...bytes])).toEqual([[1, 2, 2, 3, 3, 3]]);
  expect(outbox.bufferedBytes).toBe(0);
});

test('the next turn is another write, and a single frame is written as it is', async () => {
  const transport = new TestTransport();
  const outbox = new Outbox(transport, () => undefined);
  const only = frame(5);
  outbox.send(only);
  await turnEnded();
  outbox.send(frame(6));
  await turnEnded();
  expect(transport.writes.map((bytes) => bytes.length)).toEqual([5, 6]);
  expect(transport.writes[0]).toBe(only);
});

test('at most 64 frames share a write', async () => {
  const transport = new TestTransport();
  const outbox = new Outbox(transport, () => undefined);
  for (let n = 0; n < 2 * MAX_PACKED_FRAMES + 1; n++) outbox.send(frame(10));
  await turnEnded();
  expect(transport.writes.map((bytes) => bytes.length)).toEqual([640, 640, 10]);
});

test('at most 64 KiB share a write; a larger frame goes alone', async () => {
  const transport = new TestTransport();
  const outbox = new Outbox(transport, () => undefined);
  outbox.send(frame(MAX_PACKED_BYTES - 10));
  outbox.send(frame(10));
  outbox.send(frame(1));
  outbox.send(frame(MAX_PACKED_BYTES + 1));
  outbox.send(frame(2));
  await turnEnded();
  expect(transport.writes.map((bytes) => bytes.length)).toEqual([
    MAX_PACKED_BYTES,
    1,
    MAX_PACKED_BYTES + 1,
    2,
  ]);
});

test('a flush does not wait for the end of the turn, and nothing is written twice', async () => {
  const transport = new TestTransport();
  const outbox = new Outbox(transport, () => undefined);
  outbox.send(frame(3));
  outbox.flush();
  expect(transport.writes).toHaveLength(1);
  await turnEnded();
  outbox.flush();
  expect(transport.writes).toHaveLength(1);
});

test('many outboxes are served in one turn, each with its own frames', async () => {
  const transports = Array.from({ length: 50 }, () => new TestTransport());
  const outboxes = transports.map((transport) => new Outbox(transport, () => undefined));
  for (const round of [1, 2]) {
    for (const [n, outbox] of outboxes.entries()) outbox.send(frame(2, n + round));
  }
  await turnEnded();
  expect(transports.map(({ writes }) => writes.length)).toEqual(transports.map(() => 1));
  expect([...(transports[7]?.writes[0] ?? [])]).toEqual([8, 8, 9, 9]);
});

test('what the operating system has not taken counts as buffered', () => {
  const transport = new TestTransport();
  transport.buffered = 1000;
  const outbox = new Outbox(transport, () => undefined);
  outbox.send(frame(24));
  expect(outbox.bufferedBytes).toBe(1024);
});

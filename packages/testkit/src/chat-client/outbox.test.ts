import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Downstream, type ErrorDetail, type ErrorName, errorMessage } from '@securechat/protocol';
import { until } from '../until.ts';
import { Lane } from './outbox.ts';
import { type Outgoing, SendRefused } from './outgoing.ts';

/** What was sent, as `id:client_seq:epoch`. */
let wire: string[];
let connected: boolean;
let lane: Lane;

beforeEach(() => {
  wire = [];
  connected = true;
  lane = createLane();
});
afterEach(() => {
  for (const item of lane.abandon(new Error('over'))) item.settle.promise.catch(() => undefined);
});

function createLane(options: { ackTimeoutMs?: number } = {}): Lane {
  return new Lane(
    {
      transmit(frame) {
        if (connected) wire.push(Buffer.from(frame).toString());
        return connected;
      },
      stored: () => undefined,
      refused: () => undefined,
    },
    options,
  );
}

const seal =
  (id: string): NonNullable<Outgoing['seal']> =>
  ({ clientSeq, epoch }) =>
    Buffer.from(`${id}:${clientSeq}:${epoch}`);

const add = (id: string): Promise<Downstream<'ack'>> => lane.addSealed(id, seal(id));

function ack(ref: string): void {
  const conversation_id = 'c_0123456789abcdef';
  lane.acknowledge({ type: 'ack', ref, status: 'stored', conversation_id, conv_seq: 1, server_ts_ms: 1 });
}

function refuse(id: string, error: ErrorName, detail: ErrorDetail = {}): void {
  lane.refuse(errorMessage(error, { ...detail, reference_id: id }));
}

/** Everything sent since the last call, once there is as much as expected. */
async function sent(...expected: string[]): Promise<void> {
  await until(
    `${expected.length} frames went out, not ${wire.join(' ')}`,
    () => wire.length >= expected.length,
    2000,
  );
  expect(wire.splice(0)).toEqual(expected);
}

test('messages are numbered in order and an ack settles each', async () => {
  const answers = [add('a'), add('b')];
  await sent('a:1:0', 'b:2:0');
  ack('b');
  ack('a');
  expect((await Promise.all(answers)).map(({ ref }) => ref)).toEqual(['a', 'b']);
  expect(lane.waiting).toEqual([]);
});

test('what was given while away goes out after the connection, in order', async () => {
  connected = false;
  void add('a');
  void add('b');
  connected = true;
  lane.reconnected();
  await sent('a:1:0', 'b:2:0');
});

test('a lost connection sends again what has no answer, and the same bytes', async () => {
  void add('a');
  void add('b');
  await sent('a:1:0', 'b:2:0');
  ack('a');
  lane.reconnected();
  await sent('b:2:0');
});

test('an ack that does not come in time sends again the same bytes, until there is an answer', async () => {
  lane = createLane({ ackTimeoutMs: 30 });
  const answer = add('a');
  await sent('a:1:0', 'a:1:0', 'a:1:0');
  ack('a');
  await answer;
});

test('an operation that was lost is sent again though messages behind it are answered all the while', async () => {
  lane = createLane({ ackTimeoutMs: 100 });
  const answer = lane.addFixed('operation', Buffer.from('operation'));
  let said = 0;
  const talking = setInterval(() => void add(`m${said++}`), 10);
  try {
    await until(
      'it went out again',
      () => {
        for (const [id = ''] of wire.map((frame) => frame.split(':'))) if (id !== 'operation') ack(id);
        return wire.filter((frame) => frame === 'operation').length > 1;
      },
      2_000,
    );
  } finally {
    clearInterval(talking);
  }
  ack('operation');
  await answer;
});

test('a slow server that answers one after the other is not sent everything again', async () => {
  lane = createLane({ ackTimeoutMs: 500 });
  const ids = ['a', 'b', 'c', 'd'];
  const answers = ids.map(add);
  for (const id of ids) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    ack(id);
  }
  await Promise.all(answers);
  await sent('a:1:0', 'b:2:0', 'c:3:0', 'd:4:0');
});

test('an overloaded server is given its time, then gets the same bytes in order', async () => {
  void add('a');
  void add('b');
  await sent('a:1:0', 'b:2:0');
  refuse('a', 'SERVER_UNAVAILABLE', { retry_after_ms: 60 });
  const refusedAtMs = performance.now();
  refuse('b', 'SEQ_GAP', { expected: 1 });
  await sent('a:1:0', 'b:2:0');
  expect(performance.now() - refusedAtMs).toBeGreaterThan(55);
});

test('a gap that a lost message left is filled from there on with the same bytes', async () => {
  for (const id of ['a', 'b', 'c']) void add(id);
  await sent('a:1:0', 'b:2:0', 'c:3:0');
  refuse('b', 'SEQ_GAP', { expected: 1 });
  refuse('c', 'SEQ_GAP', { expected: 1 });
  await sent('a:1:0', 'b:2:0', 'c:3:0');
});

test('a refused message takes no number: those behind it move up once the server has asked for it', async () => {
  const refused = add('a');
  void add('b');
  void add('c');
  await sent('a:1:0', 'b:2:0', 'c:3:0');
  refuse('a', 'EXPIRED');
  await expect(refused).rejects.toThrow(SendRefused);
  refuse('b', 'SEQ_GAP', { expected: 1 });
  await sent('b:1:0', 'c:3:0');
  ack('b');
  refuse('c', 'SEQ_GAP', { expected: 1 });
  await sent('c:2:0');
  void add('d');
  await sent('d:3:0');
});

test('a message that was never answered is not sealed anew, whatever is said of another', async () => {
  for (const id of ['a', 'b', 'c']) add(id).catch(() => undefined);
  await sent('a:1:0', 'b:2:0', 'c:3:0');
  refuse('a', 'EXPIRED');
  refuse('b', 'SEQ_GAP', { expected: 1 });
  await sent('b:1:0', 'c:3:0');
});

test('after the refusal of the last message the next one takes its number', async () => {
  add('a').catch(() => undefined);
  await sent('a:1:0');
  refuse('a', 'PERMISSION_DENIED');
  void add('b');
  await sent('b:1:0');
});

test('a server that has more than we know of gets a new number', async () => {
  void add('a');
  await sent('a:1:0');
  refuse('a', 'SEQ_GAP', { expected: 8 });
  await sent('a:8:0');
  void add('b');
  await sent('b:9:0');
});

test('a stale epoch is answered with a new sealing under the same number', async () => {
  void add('a');
  await sent('a:1:0');
  refuse('a', 'STALE_EPOCH', { epoch: 4 });
  await sent('a:1:4');
  void add('b');
  await sent('b:2:4');
});

test('what was sealed anew stays as it is when the repetition of its earlier form is refused too', async () => {
  void add('a');
  await sent('a:1:0');
  lane.reconnected();
  await sent('a:1:0');
  refuse('a', 'STALE_EPOCH', { epoch: 4 });
  await sent('a:1:4');
  refuse('a', 'STALE_EPOCH', { epoch: 4 });
  refuse('a', 'COMMIT_REQUIRED', { epoch: 0 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(wire).toEqual([]);
  refuse('a', 'STALE_EPOCH', { epoch: 5 });
  await sent('a:1:5');
});

test('what was sealed anew stays as it is though its time ran out before the earlier form was refused again', async () => {
  lane = createLane({ ackTimeoutMs: 50 });
  void add('a');
  await sent('a:1:0');
  refuse('a', 'STALE_EPOCH', { epoch: 1 });
  await sent('a:1:1');
  // it goes out once more, and in that very turn comes an answer to what was sent first
  lane.reconnected();
  const frame = lane.waiting[0]?.frame;
  refuse('a', 'STALE_EPOCH', { epoch: 1 });
  expect(lane.waiting[0]?.frame).toBe(frame);
  refuse('a', 'COMMIT_REQUIRED', { epoch: 0 });
  expect(lane.waiting[0]?.frame).toBe(frame);
  // another epoch is a refusal of the present form
  refuse('a', 'STALE_EPOCH', { epoch: 2 });
  await sent('a:1:2');
});

test('a message that is under way again keeps its bytes when the keys change: only its place was refused', async () => {
  for (const id of ['a', 'b', 'c']) void add(id);
  await sent('a:1:0', 'b:2:0', 'c:3:0');
  refuse('b', 'SEQ_GAP', { expected: 1 });
  await sent('a:1:0', 'b:2:0', 'c:3:0');
  // about its first transmission; the second one may be stored by now
  refuse('c', 'SEQ_GAP', { expected: 1 });
  lane.keysChanged({ generation: 0, epoch: 1 });
  ack('a');
  lane.reconnected();
  await sent('b:2:0', 'c:3:0');
  refuse('c', 'STALE_EPOCH', { epoch: 1 });
  await sent('c:3:1');
});

test('messages keep their order though one in ten is lost', async () => {
  lane = createLane({ ackTimeoutMs: 100 });
  const ids = Array.from({ length: 300 }, (_, index) => `m${index}`);
  for (const id of ids) void add(id);
  const stored: string[] = [];
  await until(
    'all are stored',
    () => {
      for (const frame of wire.splice(0)) answerLikeAServer(frame, stored);
      return stored.length === ids.length;
    },
    5000,
  );
  expect(stored).toEqual(ids);
});

let transmissions = 0;
/** Loses every tenth transmission, and accepts only the next number. */
function answerLikeAServer(frame: string, stored: string[]): void {
  const [id = '', seq] = frame.split(':');
  if (++transmissions % 10 === 0) return;
  const expected = stored.length + 1;
  if (stored.includes(id)) ack(id);
  else if (Number(seq) === expected) ack(stored[stored.push(id) - 1] ?? '');
  else refuse(id, 'SEQ_GAP', { expected });
}

test('an answer about something else is left alone', () => {
  expect(lane.refuse(errorMessage('RATE_LIMITED'))).toBe(false);
});

import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { gatherWrites } from './gather-writes.ts';

/** A stream that records what it was given at once. */
function openStream(): { stream: Writable; calls: string[] } {
  const calls: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      calls.push(String(chunk));
      done();
    },
    writev(chunks, done) {
      calls.push(chunks.map(({ chunk }) => String(chunk)).join(' '));
      done();
    },
  });
  gatherWrites(stream);
  return { stream, calls };
}

test('what one turn writes leaves at once and in order, also what is written when a promise is settled in it', async () => {
  const { stream, calls } = openStream();
  stream.write('one');
  void Promise.resolve().then(async () => {
    stream.write('two');
    await undefined;
    stream.write('three');
  });
  stream.write('four');
  expect(calls).toEqual([]);
  await nextTurn();
  expect(calls.join(' ').split(' ').toSorted()).toEqual(['four', 'one', 'three', 'two']);
  expect(calls.length).toBeLessThanOrEqual(2);
  calls.length = 0;
  stream.write('later');
  await nextTurn();
  expect(calls).toEqual(['later']);
});

test('an end is not held up, and everything before it arrives', async () => {
  const { stream, calls } = openStream();
  const finished = new Promise<void>((resolve) => stream.once('finish', resolve));
  stream.write('one');
  stream.end('two');
  await finished;
  expect(calls).toEqual(['one two']);
});

test('a stream that is destroyed meanwhile throws nothing', async () => {
  const { stream, calls } = openStream();
  stream.write('one');
  stream.destroy();
  await nextTurn();
  expect(calls).toEqual([]);
});

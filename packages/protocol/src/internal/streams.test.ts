import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { partitionOf, streamNames } from './streams.ts';

test('the hash of a conversation is FNV-1a, as published', () => {
  const hashes = ['', 'a', 'b', 'foobar'].map((text) => partitionOf(text, 2 ** 32));
  expect(hashes).toEqual([0x811c9dc5, 0xe40c292c, 0xe70c2de5, 0xbf9cf968]);
});

test('a conversation stays in its partition for ever', () => {
  const ids = ['c_7Yw2kQz9LmN4pRs6', 'c_0123456789abcdef', 'c_AAAAAAAAAAAAAAAA'];
  expect(ids.map((id) => partitionOf(id, 16))).toEqual([13, 11, 7]);
  expect(ids.map((id) => partitionOf(id, 1))).toEqual([0, 0, 0]);
});

test('random conversations spread evenly over the partitions', () => {
  const counts = Array<number>(16).fill(0);
  for (let index = 0; index < 16_000; index++) {
    const id = `c_${createHash('sha256').update(String(index)).digest('base64url').slice(0, 22)}`;
    const partition = partitionOf(id, 16);
    counts[partition] = (counts[partition] ?? 0) + 1;
  }
  for (const count of counts) {
    expect(count).toBeGreaterThan(850);
    expect(count).toBeLessThan(1150);
  }
});

test('streams carry the prefix, and their braces decide the cluster slot', () => {
  const names = streamNames({ prefix: 'sc', partitions: 2 });
  expect(names.ordered).toEqual(['sc:{d.0}:in', 'sc:{d.1}:in']);
  expect(names.acks).toEqual(['sc:{r.0}:ack', 'sc:{r.1}:ack']);
  expect([...names.sync, ...names.auth, names.out('g1')]).toEqual([
    'sc:{q.0}:sync',
    'sc:{a.0}:req',
    'sc:{g.g1}:out',
  ]);
});

import { expect, test } from '@jest/globals';
import { keyLogCover } from '@securechat/protocol';
import { rootOf } from './testing/log-server.ts';
import { Tree } from './tree.ts';

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(2 * index, 2 * index + 2), 16),
  );

/** Entries commonly used to test RFC 6962 implementations, and the roots of the first 1 to 8 of them. */
const ENTRIES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

test('comes to the roots that other implementations come to', async () => {
  let tree = Tree.empty;
  const roots: string[] = [];
  for (const entry of ENTRIES) {
    tree = await tree.append(bytesOf(entry));
    roots.push(hex(await tree.root()));
  }
  expect(roots).toEqual(ROOTS);
});

test('of any size is what the RFC says, grows by subtrees as by entries, and is the same when it was kept', async () => {
  const entries = Array.from({ length: 40 }, (_, index) => Uint8Array.of(index));
  let tree = Tree.empty;
  for (let size = 0; size <= entries.length; size++) {
    expect(hex(await tree.root())).toBe(hex(await rootOf(entries.slice(0, size))));
    const kept = Tree.kept(size, tree.hashes);
    const nodes = keyLogCover(size, entries.length).map(({ level, position }) =>
      rootOf(entries.slice(position * 2 ** level, (position + 1) * 2 ** level)),
    );
    const grown = await kept.grown(entries.length, await Promise.all(nodes));
    expect(hex(await grown!.root())).toBe(hex(await rootOf(entries)));
    const next = entries[size];
    if (next) tree = await tree.append(next);
  }
});

test('does not grow by fewer or more subtrees than it takes', async () => {
  const hash = await rootOf([]);
  expect(await Tree.empty.grown(3, [hash])).toBeUndefined();
  expect(await Tree.empty.grown(3, [hash, hash, hash])).toBeUndefined();
});

test('subtrees cover a range once, from left to right, each as large as its place allows', () => {
  for (let from = 0; from < 20; from++)
    for (let to = from; to < 20; to++) {
      const covered = keyLogCover(from, to).flatMap(({ level, position }) =>
        Array.from({ length: 2 ** level }, (_, index) => position * 2 ** level + index),
      );
      expect(covered).toEqual(Array.from({ length: to - from }, (_, index) => from + index));
    }
  expect(keyLogCover(0, 2 ** 53 - 1)).toHaveLength(53);
  expect(keyLogCover(1, 2 ** 53 - 1).length).toBeLessThanOrEqual(106);
});

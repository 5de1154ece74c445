import { expect, test } from '@jest/globals';
import { downstream, upstream } from '../src/index.ts';
import { vectorFiles } from './generate.ts';
import { messageFileNames, readVectorText, vectorFileNames } from './read.ts';

test('the committed vectors are what the generator writes', () => {
  const written = vectorFiles();
  expect(vectorFileNames.toSorted()).toEqual([...written.keys()].sort());
  // Not toEqual on the texts: a difference would print a megabyte.
  const stale = [...written].filter(([name, text]) => readVectorText(name) !== text).map(([name]) => name);
  expect({ stale, remedy: 'node packages/protocol/vectors/generate.ts' }).toMatchObject({ stale: [] });
});

test('every type of the catalogue has its file and no other has one', () => {
  const names = [...Object.keys(upstream), ...Object.keys(downstream)].map((name) => `${name}.json`);
  expect(messageFileNames.toSorted()).toEqual([...new Set(names)].sort());
});

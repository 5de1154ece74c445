import { expect, test } from '@jest/globals';
import { commands, groups } from './index.ts';

test('no two commands have the same name, so that each can be reached', () => {
  const names = groups.flatMap((group) => Object.keys(group));
  expect(names).toEqual([...new Set(names)]);
  expect(Object.keys(commands)).toEqual(names);
});

// The pages are part of the product: they are checked against the code.
import { expect, test } from '@jest/globals';
import { checks } from './docs-check.ts';

test.each(Object.entries(checks))('%s', (_name, check) => {
  expect(check()).toEqual([]);
});

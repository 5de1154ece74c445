// Tests some of which must fail; run-in-page.browser.test.ts checks that they do.
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';

const run: string[] = [];

test('passes', () => {
  expect(new Uint8Array([1])).toEqual(new Uint8Array([1]));
  console.log('a word from the page');
});
test('fails', () => {
  expect(1).toBe(2);
});
test('fails later', async () => {
  await Promise.resolve();
  expect(() => undefined).toThrow();
});
test('does not end', () => new Promise(() => undefined), 50);

describe('rows', () => {
  test.each([
    [1, 'a'],
    [2, 'b'],
  ])('%i and %s', (number) => {
    expect(number).toBe(1);
  });
});

describe.each([{ name: 'one' }])('named $name', ({ name }) => {
  beforeEach(() => {
    run.push(name);
  });
  afterAll(() => {
    throw new Error('the last hook');
  });
  test('runs behind its hooks', () => {
    expect(run).toEqual(['one']);
  });
});

// A test that never gives its thread back: run-in-page.browser.test.ts looks whether it is given up.
import { describe, test } from '@jest/globals';

describe('a loop', () => {
  test('without an end', () => {
    for (;;);
  });
});

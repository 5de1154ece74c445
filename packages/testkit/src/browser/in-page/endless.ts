// A test that never yields; run-in-page.browser.test.ts checks that it is given up.
import { describe, test } from '@jest/globals';

describe('a loop', () => {
  test('without an end', () => {
    for (;;);
  });
});

import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { launchChromium } from './chromium.ts';
import { runInPage } from './run-in-page.ts';

test("a page tells what passes and what fails, in jest's words", async () => {
  const browser = await launchChromium();
  const said: string[] = [];
  try {
    const file = join(import.meta.dirname, 'in-page/example.ts');
    const results = await runInPage(browser, file, (line) => said.push(line));
    expect(results.map(({ title, failure }) => [title, failure?.split('\n')[0]])).toEqual([
      ['passes', undefined],
      ['fails', 'AssertionError: expected 1 to be 2 // Object.is equality'],
      ['fails later', 'AssertionError: expected [Function] to throw an error'],
      ['does not end', 'Error: not done within 50 ms'],
      ['rows › 1 and a', undefined],
      ['rows › 2 and b', expect.stringContaining('expected 2 to be 1')],
      ['named one › runs behind its hooks', undefined],
      ['named one › afterAll', 'Error: the last hook'],
    ]);
  } finally {
    await browser.close();
  }
  expect(said).toEqual(['a word from the page']);
});

test('a page whose thread never rests is given up, and its test is named', async () => {
  const browser = await launchChromium();
  try {
    const file = join(import.meta.dirname, 'in-page/endless.ts');
    expect(await runInPage(browser, file, () => undefined, 3_000)).toEqual([
      {
        title: 'the file',
        failure: 'the page was not done within 3 s, and had come to: a loop › without an end',
      },
    ]);
  } finally {
    await browser.close();
  }
});

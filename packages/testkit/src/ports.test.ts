import { expect, test } from '@jest/globals';
import { unusedPort } from './ports.ts';

test('ports do not run out, and none is given again soon', async () => {
  const ports: number[] = [];
  for (let n = 0; n < 1_200; n++) ports.push(await unusedPort());
  const soon = ports.filter((port, index) => ports.slice(Math.max(0, index - 299), index).includes(port));
  expect(soon).toEqual([]);
});

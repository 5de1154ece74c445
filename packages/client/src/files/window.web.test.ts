import { expect, test } from '@jest/globals';
import { MOST_CHUNKS, Window } from './window.ts';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

test('no more work runs at once than may, and all of it is done in the end', async () => {
  const window = new Window();
  const ends: (() => void)[] = [];
  let begun = 0;
  let most = 0;
  const work = (): Promise<void> => {
    begun += 1;
    return new Promise((resolve) => {
      ends.push(resolve);
      most = Math.max(most, ends.length);
    });
  };
  const feeding = (async () => {
    for (let count = 0; count < 10; count++) await window.run(work);
    await window.idle();
  })();
  for (let done = 0; done < 10; done++) {
    await turn();
    expect(begun).toBe(Math.min(10, done + MOST_CHUNKS));
    ends.shift()?.();
  }
  await feeding;
  expect(most).toBe(MOST_CHUNKS);
});

test('after a fault nothing more is begun, and the first fault is the one that is told', async () => {
  const window = new Window();
  await window.run(async () => {
    throw new Error('the first');
  });
  await turn();
  let isBegun = false;
  const next = window.run(async () => {
    isBegun = true;
  });
  await expect(next).rejects.toThrow('the first');
  expect(isBegun).toBe(false);
  await expect(window.idle()).rejects.toThrow('the first');
});

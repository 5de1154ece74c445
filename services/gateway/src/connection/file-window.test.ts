import { expect, test } from '@jest/globals';
import { FileWindow } from './file-window.ts';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Work that ends on demand, and a record of what has started. */
function openWork() {
  const begun: number[] = [];
  const ends = new Map<number, () => void>();
  const work = (number: number) => (): Promise<void> => {
    begun.push(number);
    return new Promise((resolve) => ends.set(number, resolve));
  };
  return { begun, work, end: (number: number) => ends.get(number)?.() };
}

test('four run at once; the fifth holds up what is behind it until one has ended, in their order', async () => {
  const { begun, work, end } = openWork();
  const window = new FileWindow();
  const waits = [1, 2, 3, 4].map((number) => window.run(work(number)));
  expect(waits).toEqual([undefined, undefined, undefined, undefined]);
  const fifth = window.run(work(5));
  const sixth = window.run(work(6));
  await turn();
  expect(begun).toEqual([1, 2, 3, 4]);
  end(3);
  await fifth;
  expect(begun).toEqual([1, 2, 3, 4, 5]);
  await turn();
  expect(begun).toHaveLength(5);
  end(1);
  await sixth;
  expect(begun).toEqual([1, 2, 3, 4, 5, 6]);
});

test('a place is free again when its work has ended, and nobody waits then', async () => {
  const { begun, work, end } = openWork();
  const window = new FileWindow();
  for (const number of [1, 2, 3, 4]) void window.run(work(number));
  end(2);
  await turn();
  expect(window.run(work(5))).toBeUndefined();
  expect(begun).toEqual([1, 2, 3, 4, 5]);
});

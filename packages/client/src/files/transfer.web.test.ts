import { expect, test } from '@jest/globals';
import { TransferCancelled } from './errors.ts';
import { Course } from './transfer.ts';

test('progress never falls, is told at most ten times a second, and its end always', () => {
  const course = new Course(1_000);
  const told: number[] = [];
  course.asTransfer('f', new Promise(() => undefined)).onProgress(({ doneBytes }) => told.push(doneBytes));
  for (let bytes = 0; bytes <= 990; bytes += 10) course.reached(bytes);
  course.reached(5);
  course.reached(1_000);
  course.reached(2_000);
  expect(told.length).toBeLessThan(10);
  expect([told[0], told.at(-1)]).toEqual([10, 1_000]);
});

test('while it is paused nothing may go on; resumed it may, and cancelled it may not, paused or not', async () => {
  const course = new Course(1);
  const transfer = course.asTransfer('f', new Promise(() => undefined));
  await course.mayGoOn();
  transfer.pause();
  let isOn = false;
  const waiting = course.mayGoOn().then(() => {
    isOn = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([isOn, transfer.isPaused]).toEqual([false, true]);
  transfer.resume();
  await waiting;
  transfer.pause();
  const paused = course.mayGoOn();
  transfer.cancel();
  await expect(paused).rejects.toThrow(TransferCancelled);
  await expect(course.mayGoOn()).rejects.toThrow(TransferCancelled);
});

import { expect, test } from '@jest/globals';
import { unlessAborted, until, within } from './until.ts';

test('until returns what the condition found', async () => {
  let asked = 0;
  expect(await until('three questions were asked', () => ++asked >= 3 && `asked ${asked}`)).toBe('asked 3');
});

test('a condition that throws is asked again', async () => {
  let asked = 0;
  const found = await until('it no longer throws', () => {
    if (++asked < 3) throw new Error('not yet');
    return 0;
  });
  expect(found).toBe(0);
});

test('a condition that is never met fails with its description and the last error', async () => {
  const never = until(
    'pigs fly',
    () => {
      throw new Error('no wings');
    },
    50,
  );
  await expect(never).rejects.toThrow('Waited 50 ms in vain until pigs fly; last error: no wings');
});

test('a promise that does not settle in time fails with what is known by then', async () => {
  let known = 'nothing';
  const waiting = within(new Promise(() => undefined), 50, () => `a letter (${known})`);
  known = 'the postman is ill';
  await expect(waiting).rejects.toThrow('Waited 50 ms in vain for a letter (the postman is ill)');
});

test('a wait that is called off fails with the reason, before it began or in the midst of it', async () => {
  const calling = new AbortController();
  const waiting = unlessAborted(new Promise(() => undefined), calling.signal);
  calling.abort(new Error('no longer needed'));
  await expect(waiting).rejects.toThrow('no longer needed');
  await expect(unlessAborted(Promise.resolve(1), calling.signal)).rejects.toThrow('no longer needed');
  expect(await unlessAborted(Promise.resolve(1), new AbortController().signal)).toBe(1);
});

import { expect, test } from '@jest/globals';
import { openHistory, sealHistory } from './passphrase.ts';

const history = new TextEncoder().encode(JSON.stringify({ words: 'a secret word '.repeat(100) }));

test('a history opens with its passphrase, however that is typed, and holds no word in clear', async () => {
  const file = await sealHistory(history, 'correct hörse');
  expect(await openHistory(file, 'correct ho\u0308rse')).toEqual(history);
  expect(new TextDecoder('latin1').decode(file)).not.toContain('secret');
  expect(await sealHistory(history, 'correct hörse')).not.toEqual(file);
});

test('another passphrase and a changed byte anywhere are refused', async () => {
  const file = await sealHistory(history, 'correct horse');
  await expect(openHistory(file, 'correct house')).rejects.toMatchObject({ name: 'HistoryNotReadable' });
  for (const at of [0, 4, 12, 30, 40, file.length - 1]) {
    const changed = file.slice();
    changed[at]! ^= 1;
    await expect(openHistory(changed, 'correct horse')).rejects.toMatchObject({ name: 'HistoryNotReadable' });
  }
});

test('a passphrase that is too short is refused', async () => {
  await expect(sealHistory(history, 'short')).rejects.toThrow(RangeError);
});

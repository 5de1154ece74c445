import { expect, test } from '@jest/globals';
import type { Key } from 'ink';
import { type Entry, emptyEntry } from './editing.ts';
import { pasted, pressed } from './keys.ts';
import type { Messenger } from './messenger.ts';

const noKey = {} as Key;

/** Just an input line, and what was entered. */
function atTheEntry() {
  let entry: Entry = emptyEntry;
  const entered: string[] = [];
  const messenger = {
    snapshot: () => ({ entry }),
    write: (next: Entry) => {
      entry = next;
    },
    takeEntry() {
      const { text } = entry;
      entry = emptyEntry;
      return text;
    },
    enter: (text: string) => void entered.push(text),
  } as unknown as Messenger;
  const press = (input: string) => pressed(messenger, input, noKey, () => entered.push('(quit)'));
  return { press, paste: (text: string) => pasted(messenger, text), entered, text: () => entry.text };
}

test('keys that arrive in one piece with text do what they do alone', () => {
  const { press, entered, text } = atTheEntry();
  press('not yet');
  press('\x15/accept\rand \x01then\x05!');
  expect(entered).toEqual(['/accept']);
  expect(text()).toBe('thenand !');
  press('\r/quit\r');
  expect(entered).toEqual(['/accept', 'thenand !', '(quit)']);
});

test('control characters that mean nothing here are no text', () => {
  const { press, text } = atTheEntry();
  press('a\x00b\tc\x1b[2Jd\u009be');
  expect(text()).toBe('ab c[2Jde');
});

test('a paste keeps its lines, is not sent by them, and brings no control characters', () => {
  const { paste, entered, text } = atTheEntry();
  paste('one\rtwo\r\nthree\x1b[2J\ttabbed');
  expect(text()).toBe('one\ntwo\nthree[2J tabbed');
  expect(entered).toEqual([]);
});

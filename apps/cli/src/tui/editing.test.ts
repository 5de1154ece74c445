import { describe, expect, test } from '@jest/globals';
import { type EditKey, edited, emptyEntry, meaningOf } from './editing.ts';

const typed = (...keys: (string | EditKey | [string, EditKey])[]) =>
  keys.reduce<{ text: string; cursor: number }>((entry, key) => {
    const [input, pressed] = typeof key === 'string' ? [key, {}] : Array.isArray(key) ? key : ['', key];
    return edited(entry, input, pressed) ?? entry;
  }, emptyEntry);

describe('the line that is being written', () => {
  test('takes text at the cursor', () => {
    expect(typed('helo', { leftArrow: true }, 'l')).toEqual({ text: 'hello', cursor: 4 });
    expect(typed('ello', { home: true }, 'h', { end: true }, '!')).toEqual({ text: 'hello!', cursor: 6 });
  });

  test('loses whole characters as people see them', () => {
    expect(typed('a👩‍👩‍👧', { backspace: true })).toEqual({ text: 'a', cursor: 1 });
    expect(typed('é', { leftArrow: true }, { backspace: true })).toEqual({ text: 'é', cursor: 0 });
  });

  test('loses words and beginnings', () => {
    expect(typed('one two  ', ['w', { ctrl: true }]).text).toBe('one ');
    expect(typed('one two', { leftArrow: true }, ['u', { ctrl: true }])).toEqual({ text: 'o', cursor: 0 });
  });

  test('ignores keys that mean nothing to it', () => {
    expect(edited(emptyEntry, 'x', { ctrl: true })).toBeUndefined();
    expect(edited(emptyEntry, '', {})).toBeUndefined();
  });

  test('is a command when it begins with a slash, and a text when it begins with two', () => {
    expect(meaningOf('/reply 3  two words ')).toEqual({ command: 'reply', rest: '3  two words' });
    expect(meaningOf('/quit')).toEqual({ command: 'quit', rest: '' });
    expect(meaningOf('//quit')).toEqual({ say: '/quit' });
    expect(meaningOf('1/2')).toEqual({ say: '1/2' });
  });
});

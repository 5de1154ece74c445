import { describe, expect, test } from '@jest/globals';
import { plainJson, plainLine, plainText } from './plain.ts';

const ATTACKS: [what: string, text: string][] = [
  ['clears the screen', '\x1b[2J'],
  ['sets the title of the window', '\x1b]0;owned\x07'],
  ['writes to the clipboard', '\x1b]52;c;aGk=\x1b\\'],
  ['uses the single byte CSI', '\u009b31m'],
  ['uses the single byte OSC', '\u009d0;owned\u009c'],
  ['goes back over the line', 'bob\r\x08\x08alice'],
  ['deletes', '\x7f'],
  ['turns the direction of writing', '\u202egnp.exe\u2066'],
];

describe('text that others wrote', () => {
  test.each(ATTACKS)('has no effect on the terminal when it %s', (_, text) => {
    for (const shown of [plainLine(text), plainText(text), plainJson({ text })])
      expect(shown).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
  });

  test('stays as it is when it is only text', () => {
    const text = 'Grüße, 你好, שלום, 👩‍👩‍👧 – "quoted" \\ {curly}';
    expect(plainLine(text)).toBe(text);
  });

  test('keeps its lines, or shows in one line where they end', () => {
    expect(plainText('one\r\ntwo')).toBe('one\ntwo');
    expect(plainLine('one\ntwo')).toBe('one ⏎ two');
  });

  test.each(ATTACKS)('comes out of JSON as it was when it %s', (_, text) => {
    expect(JSON.parse(plainJson({ text }))).toEqual({ text });
  });

  test('is one line of JSON, whatever separators are in it', () => {
    expect(plainJson({ text: 'a\nb\u2028c\u2029d' })).toBe('{"text":"a\\nb\\u2028c\\u2029d"}');
  });
});

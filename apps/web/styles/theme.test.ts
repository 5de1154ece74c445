import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const css = readFileSync(join(import.meta.dirname, 'theme.css'), 'utf8');

/** WCAG 2.2, 1.4.3: of text against what it stands on. */
const READABLE = 4.5;

function colour(name: string, look: 'light' | 'dark'): string {
  const [, light, dark] = new RegExp(`--${name}: light-dark\\((#\\w+), (#\\w+)\\)`).exec(css) ?? [];
  const found = look === 'light' ? light : dark;
  if (found === undefined) throw new Error(`theme.css has no --${name}`);
  return found;
}

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const channel = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

const pairs: [text: string, ground: string][] = [
  ...['ground', 'surface', 'sunken', 'hover', 'accent-soft'].map((ground): [string, string] => [
    'text',
    ground,
  ]),
  ...['ground', 'surface', 'sunken', 'hover', 'accent-soft'].map((ground): [string, string] => [
    'muted',
    ground,
  ]),
  ...['ground', 'surface', 'sunken'].map((ground): [string, string] => ['danger', ground]),
  ...['ground', 'surface', 'accent-soft', 'own'].map((ground): [string, string] => ['accent', ground]),
  ['own-text', 'own'],
  ['danger', 'own'],
  ['on-accent', 'accent'],
  ['warning-text', 'warning'],
  ['text', 'code'],
];

describe.each(['light', 'dark'] as const)('in the %s look', (look) => {
  test.each(pairs)('%s can be read on %s', (text, ground) => {
    expect(contrast(colour(text, look), colour(ground, look))).toBeGreaterThanOrEqual(READABLE);
  });
});

test('white can be read on the colour of every initial', () => {
  const hues = [...css.matchAll(/--hue: (#\w{6})/g)].map(([, hue = '']) => hue);
  expect(hues).toHaveLength(8);
  for (const hue of hues) expect(contrast('#ffffff', hue)).toBeGreaterThanOrEqual(READABLE);
});

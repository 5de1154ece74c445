import { describe, expect, test } from '@jest/globals';
import type { ComponentChild, VNode } from 'preact';
import { renderMarkdown, withoutMarks } from './markdown.ts';

type Element = VNode<Record<string, unknown>>;

/** The elements as text, like HTML but with every text quoted: `<p>"a" <b>"c"</b></p>`. */
function shape(child: ComponentChild): string {
  if (Array.isArray(child)) return child.map(shape).join('');
  if (child === null || child === undefined || typeof child === 'boolean') return '';
  if (typeof child !== 'object') return JSON.stringify(child);
  const { type, props } = child as Element;
  const { children, ...others } = props;
  const attributes = Object.entries(others).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  return `<${type}${attributes.join('')}>${shape(children as ComponentChild)}</${type}>`;
}

const shapeOf = (source: string) => shape(renderMarkdown(source));

/** The names of all elements, and all link targets. */
function found(source: string): { elements: string[]; addresses: unknown[] } {
  const elements = elementsIn(renderMarkdown(source));
  return {
    elements: [...new Set(elements.map(({ type }) => String(type)))],
    addresses: elements.flatMap(({ props }) => props.href ?? []),
  };
}

function elementsIn(child: ComponentChild): Element[] {
  if (Array.isArray(child)) return child.flatMap(elementsIn);
  if (typeof child !== 'object' || child === null) return [];
  const element = child as Element;
  return [element, ...elementsIn(element.props.children as ComponentChild)];
}

test('emphasis, code, lists and quotes become elements', () => {
  expect(shapeOf('**a** _b_ `c`')).toBe('<p><strong>"a"</strong>" "<em>"b"</em>" "<code>"c"</code></p>');
  expect(shapeOf('- a\n- b')).toBe('<ul><li>"a"</li><li>"b"</li></ul>');
  expect(shapeOf('> a')).toBe('<blockquote><p>"a"</p></blockquote>');
});

test('a new line stays one', () => {
  expect(shapeOf('a\nb')).toBe('<p>"a"<br></br>"b"</p>');
});

test.each([
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  'a <b onclick="alert(1)">b</b>',
  '<style>*{display:none}</style>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<!-- a --> <?php ?> <![CDATA[ a ]]>',
  '```html\n<script>\n```',
])('no element comes out of HTML: %j', (source) => {
  const plain = ['p', 'pre', 'code', 'br'];
  expect(found(source).elements.filter((name) => !plain.includes(name))).toEqual([]);
});

test('HTML is shown as it is written', () => {
  expect(shapeOf('a <b>c</b>')).toBe('<p>"a ""<b>""c""</b>"</p>');
});

test.each([
  '[a](javascript:alert(1))',
  '[a](JaVaScRiPt:alert(1))',
  '[a](&#106;avascript:alert(1))',
  '[a](java&#10;script:alert(1))',
  '[a](\u0001javascript:alert(1))',
  '[a](data:text/html,x)',
  '[a](vbscript:x)',
  '[a](file:///etc/passwd)',
  '[a](blob:https://example.org/1)',
  '[a](//example.org)',
  '[a](/settings)',
  '[a](#/person/eve)',
  '[a](https://example.org/\u202egpj.exe)',
  '<javascript:alert(1)>',
  '![a](javascript:alert(1))',
  '[a][b]\n\n[b]: javascript:alert(1)',
])('%j leads nowhere', (source) => {
  expect(found(source).addresses).toEqual([]);
  expect(found(source).elements).not.toContain('a');
});

test.each([
  ['[a](https://example.org/b)', 'https://example.org/b'],
  ['<mailto:a@example.org>', 'mailto:a@example.org'],
  ['see https://example.org/c', 'https://example.org/c'],
  ['[a][b]\n\n[b]: http://example.org/d', 'http://example.org/d'],
])('%j is a link that tells nobody where it was', (source, address) => {
  expect(found(source).addresses).toEqual([address]);
  expect(shapeOf(source)).toContain('rel="noopener noreferrer nofollow"');
});

test('a picture is a link: nothing is fetched', () => {
  expect(found('![cat](https://example.org/cat.png)')).toEqual({
    elements: ['p', 'a'],
    addresses: ['https://example.org/cat.png'],
  });
});

describe('what a stranger sends does not keep the page busy', () => {
  const sources: [string, string][] = [
    ['quotes in quotes', `${'>'.repeat(60_000)} a`],
    ['lists in lists', `${'- '.repeat(30_000)}a`],
    ['brackets', '['.repeat(3_990)],
    ['brackets with addresses', '[a]('.repeat(900)],
    ['stars', '*a '.repeat(1_300)],
    ['stars and lines', '**a_ '.repeat(800)],
    ['backticks', '`a``'.repeat(900)],
    ['tags', '<a '.repeat(1_300)],
    ['a table', `${'|a'.repeat(900)}\n${'|-'.repeat(900)}`],
    ['an address', `https://${'a.'.repeat(1_950)}`],
    ['a mail address', `${'a.'.repeat(1_950)}@`],
    ['blanks', `a${' '.repeat(3_990)}b`],
    ['lists by steps', Array.from({ length: 60 }, (_, depth) => `${'  '.repeat(depth)}- a`).join('\n')],
  ];
  test.each(sources)('%s', (_, source) => {
    // processor time, since the machine may be busy with other things
    const before = process.cpuUsage();
    renderMarkdown(source);
    withoutMarks(source);
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(1_000);
  });
});

test('marks are left out of a line', () => {
  expect(withoutMarks('**a** [b](https://c.example)\n- d\n- `e`')).toBe('a b d e');
});

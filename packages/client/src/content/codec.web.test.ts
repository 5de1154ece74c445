import { describe, expect, test } from '@jest/globals';
import { decodePlain, encodePlain } from './codec.ts';
import { gzip, MAX_INFLATED_BYTES } from './gzip.ts';
import { isSafeLink } from './links.ts';
import { textContent } from './outgoing.ts';
import { BadContent } from './shape.ts';
import { contents } from './testing/contents.ts';
import type { Plain } from './types.ts';

const plainOf = (content: Plain['content']): Plain => ({
  ...{ id: 'm_1', from: 'alice', content, logHead: 'head', lasting: 3 },
});
const bytesOf = (value: unknown): Uint8Array<ArrayBuffer> =>
  new Uint8Array([0, ...new TextEncoder().encode(JSON.stringify(value))]);

describe('a plaintext', () => {
  test.each(contents)('of $type comes back as it was, compressed or not', async (content) => {
    for (const isCompressing of [false, true]) {
      const bytes = await encodePlain(plainOf(content), { isCompressing });
      expect(await decodePlain(bytes)).toEqual(plainOf(content));
    }
  });

  test('is smaller when it is compressed', async () => {
    const plain = plainOf(textContent('again and '.repeat(200)));
    const [as, zipped] = [
      await encodePlain(plain, { isCompressing: false }),
      await encodePlain(plain, { isCompressing: true }),
    ];
    expect(zipped.length).toBeLessThan(as.length / 5);
  });

  test('that grows beyond the cap when it is inflated is refused, and not held', async () => {
    const bomb = await gzip(new Uint8Array(50 * MAX_INFLATED_BYTES));
    await expect(decodePlain(new Uint8Array([1, ...bomb]))).rejects.toThrow(BadContent);
    const text = ' '.repeat(MAX_INFLATED_BYTES - 10_000);
    const fits = await gzip(new TextEncoder().encode(`${JSON.stringify(plainOf(textContent('x')))}${text}`));
    expect((await decodePlain(new Uint8Array([1, ...fits]))).id).toBe('m_1');
  });

  test('of a type that is not known here is told as such', async () => {
    const plain = plainOf({ type: 'application/x-tomorrow', body: { what: 1 } } as never);
    expect((await decodePlain(bytesOf(plain))).content).toEqual({
      type: 'unknown',
      contentType: 'application/x-tomorrow',
    });
  });

  test.each([
    ['no JSON', new Uint8Array([0, 1, 2])],
    ['another form', new Uint8Array([7, 123, 125])],
    ['nothing', new Uint8Array()],
    [
      'a text that is none',
      bytesOf(plainOf({ type: 'text/plain', body: { text: 5, mentions: [] } } as never)),
    ],
    [
      'a text that is too long',
      bytesOf(plainOf({ type: 'text/plain', body: { text: 'x'.repeat(24_001), mentions: [] } })),
    ],
    [
      'half a surrogate pair',
      bytesOf(plainOf({ type: 'text/plain', body: { text: '\ud800', mentions: [] } })),
    ],
    ['an id with a slash', bytesOf({ ...plainOf(textContent('x')), id: 'a/b' })],
    [
      'a preview that runs code',
      bytesOf(
        plainOf({
          type: 'text/plain',
          body: { text: '', mentions: [], preview: { url: 'javascript:alert(1)', title: 't' } },
        }),
      ),
    ],
    [
      'a repair of a repair',
      bytesOf({
        ...plainOf(textContent('x')),
        content: {
          type: 'application/x-securechat-repair',
          body: {
            ...{ clientSeq: 1, sentAt: 1, id: 'm_0' },
            content: { type: 'application/x-securechat-repair', body: { clientSeq: 1, sentAt: 1 } },
          },
        },
      }),
    ],
  ])('with %s is refused', async (_what, bytes) => {
    await expect(decodePlain(bytes)).rejects.toThrow(BadContent);
  });
});

test('a link is safe when it has a scheme for people and hides nothing', () => {
  expect(['https://a.b/c?d', 'http://a.b', 'mailto:a@b.c'].map(isSafeLink)).toEqual([true, true, true]);
  const unsafe = [
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'JaVaScRiPt:1',
    'data:text/html,x',
    'file:///etc',
    'a.b',
    'https://a.b/\u202egpj.exe',
    'vbscript:x',
    'java\nscript:1',
  ];
  expect(unsafe.filter(isSafeLink)).toEqual([]);
});

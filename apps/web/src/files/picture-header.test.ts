import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pictureHeader } from './picture-header.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const ascii = (text: string) => Buffer.from(text, 'latin1').toString('hex');

const PNG = hex(`89504e470d0a1a0a 0000000d ${ascii('IHDR')} 00000280 00000190 0806000000`);
/** With a 16 by 16 thumbnail in its first segment, which must be ignored. */
const JPEG = hex('ffd8 ffe1 0012 4578 ffd8 ffc0 0011 08 0010 0010 0301 ffff ffc2 0011 08 0190 0280 03');
const riff = (chunk: string, rest: string) =>
  hex(`${ascii('RIFF')} 40000000 ${ascii('WEBP')} ${ascii(chunk)} 30000000 ${rest}`);
const LOSSY = riff('VP8 ', '000000 9d012a 8002 9001');
const LOSSLESS = riff('VP8L', '2f 7fc26300');
const EXTENDED = riff('VP8X', '10 000000 7f0200 8f0100');

test.each([
  ['image/png', PNG],
  ['image/jpeg', JPEG],
  ['image/webp', LOSSY],
  ['image/webp', LOSSLESS],
  ['image/webp', EXTENDED],
])('%s says what it is and how large', (type, bytes) => {
  expect(pictureHeader(bytes)).toEqual({ type, width: 640, height: 400 });
});

test.each([
  ['a page', hex(ascii('<!doctype html><script>alert(1)</script>'))],
  ['a drawing with scripts', hex(ascii('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'))],
  ['a GIF', hex(`${ascii('GIF89a')}8002900100000000`)],
  ['a picture of no size', hex(`89504e470d0a1a0a 0000000d ${ascii('IHDR')} 00000000 00000190`)],
  ['nothing', new Uint8Array(0)],
])('%s is no picture', (_, bytes) => {
  expect(pictureHeader(bytes)).toBeUndefined();
});

test('whatever a stranger sends, and wherever it ends, there is an answer', () => {
  for (const whole of [PNG, JPEG, LOSSY, LOSSLESS, EXTENDED]) {
    for (let length = 0; length < whole.length; length++) pictureHeader(whole.subarray(0, length));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(whole.length), (noise, kept) => {
        pictureHeader(new Uint8Array([...whole.subarray(0, kept), ...noise]));
      }),
    );
  }
});

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pictureHeader } from './picture-header.ts';
import { neededPieces, withoutMetadata } from './without-metadata.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const ascii = (text: string) => Buffer.from(text, 'latin1');
const kept = (bytes: Uint8Array) => {
  const pieces = neededPieces(bytes);
  return pieces && Buffer.concat(pieces);
};

const segment = (marker: number, ...parts: Uint8Array[]): Buffer => {
  const length = parts.reduce((sum, part) => sum + part.length, 2);
  return Buffer.concat([
    hex(`ff${marker.toString(16)}`),
    hex(length.toString(16).padStart(4, '0')),
    ...parts,
  ]);
};
const exif = (orientation: number, order: 'II' | 'MM') => {
  const entries =
    order === 'II'
      ? ['0f01 0200 04000000 41434d45', `1201 0300 01000000 ${hexByte(orientation)} 000000`]
      : ['010f 0002 00000004 41434d45', `0112 0003 00000001 00${hexByte(orientation)} 0000`];
  const header = order === 'II' ? '4949 2a00 08000000 0200' : '4d4d 002a 00000008 0002';
  return segment(0xe1, ascii('Exif\0\0'), hex(`${header} ${entries.join(' ')} 00000000`), ascii('GPS: home'));
};
const hexByte = (value: number) => value.toString(16).padStart(2, '0');

const START = hex('ffd8');
const JFIF = segment(0xe0, ascii('JFIF\0'), hex('0101 0000 0100 0100 00'));
const PROFILE = segment(0xe2, ascii('ICC_PROFILE\0'), hex('0101'), ascii('colours'));
const ADOBE = segment(0xee, ascii('Adobe'), hex('0064 0000 0000 01'));
const TABLES = segment(0xdb, Buffer.alloc(65, 1));
const FRAME = segment(0xc2, hex('08 0190 0280 03 012200 021101 031101'));
/** With a stuffed byte and a restart in it. */
const SCAN = Buffer.concat([segment(0xda, hex('01 0100 003f00')), hex('1234 ff00 5678 ffd3 9abc')]);
const END = hex('ffd9');
const NEEDED = [JFIF, PROFILE, ADOBE, TABLES, FRAME, SCAN, segment(0xc4, Buffer.alloc(20, 2)), SCAN];
const JPEG = Buffer.concat([START, ...NEEDED, END]);

const noise = [
  segment(0xe1, ascii('http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>by Alice</x:xmpmeta>')),
  segment(0xe2, ascii('MPF\0'), ascii('a larger one follows')),
  segment(0xe0, ascii('JFXX\0'), ascii('a smaller one')),
  segment(0xed, ascii('Photoshop 3.0\0'), ascii('a caption')),
  segment(0xfe, ascii('made by ACME')),
];

test('a JPEG keeps its pixels and colours, and nothing that was written into it or behind it', () => {
  const [jfif, ...rest] = NEEDED;
  const photo = Buffer.concat([
    START,
    jfif!,
    exif(1, 'II'),
    ...noise,
    ...rest,
    END,
    ascii('a film of three seconds'),
  ]);
  expect(kept(photo)).toEqual(JPEG);
  expect(kept(JPEG)).toEqual(JPEG);
});

test.each(['II', 'MM'] as const)(
  'a JPEG that is to be turned still is, and its Exif says nothing else (%s)',
  (order) => {
    const turned = Buffer.concat([START, exif(6, order), TABLES, FRAME, SCAN, END]);
    const left = kept(turned);
    expect(left).toEqual(
      Buffer.concat([
        START,
        segment(
          0xe1,
          ascii('Exif\0\0'),
          hex('4d4d 002a 00000008 0001 0112 0003 00000001 0006 0000 00000000'),
        ),
        ...[TABLES, FRAME, SCAN, END],
      ]),
    );
    // and is read as what it says
    expect(kept(left!)).toEqual(left);
  },
);

test('a JPEG without an end, or with fill bytes, is one', () => {
  expect(kept(Buffer.concat([START, noise[4]!, TABLES, FRAME, SCAN]))).toEqual(
    Buffer.concat([START, TABLES, FRAME, SCAN]),
  );
  expect(kept(Buffer.concat([START, hex('ffff'), noise[4]!, TABLES, hex('ff'), FRAME, SCAN, END]))).toEqual(
    Buffer.concat([START, TABLES, FRAME, SCAN, END]),
  );
});

const chunk = (type: string, data: Uint8Array) =>
  Buffer.concat([hex(data.length.toString(16).padStart(8, '0')), ascii(type), data, hex('00000000')]);
const SIGNATURE = hex('89504e470d0a1a0a');
const IHDR = chunk('IHDR', hex('00000280 00000190 08 06 00 00 00'));
const PIXELS = chunk('IDAT', ascii('pixels'));
const PNG = Buffer.concat([
  SIGNATURE,
  IHDR,
  chunk('gAMA', hex('0000b18f')),
  PIXELS,
  chunk('IEND', Buffer.alloc(0)),
]);

test('a PNG keeps what a viewer needs', () => {
  const drawn = Buffer.concat([
    ...[
      SIGNATURE,
      IHDR,
      chunk('gAMA', hex('0000b18f')),
      chunk('tEXt', ascii('Author\0Alice')),
      chunk('eXIf', ascii('GPS')),
    ],
    ...[
      chunk('tIME', hex('07ea0b1d0a0000')),
      PIXELS,
      chunk('prVt', ascii('of a program')),
      chunk('IEND', Buffer.alloc(0)),
    ],
    ascii('behind it'),
  ]);
  expect(kept(drawn)).toEqual(PNG);
});

const riffChunk = (type: string, data: Uint8Array) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(data.length);
  return Buffer.concat([ascii(type), length, data, Buffer.alloc(data.length % 2)]);
};
const riff = (...chunks: Buffer[]) => {
  const body = Buffer.concat([ascii('WEBP'), ...chunks]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([ascii('RIFF'), length, body]);
};
const EXTENDED = (flags: string) => riffChunk('VP8X', hex(`${flags}000000 7f0200 8f0100`));
const LOSSY = riffChunk('VP8 ', ascii('pixels of it'));
const WEBP = riff(EXTENDED('30'), riffChunk('ICCP', ascii('odd')), LOSSY);

test('a WebP says no more that it has metadata, and has none', () => {
  const drawn = riff(
    ...[EXTENDED('3c'), riffChunk('ICCP', ascii('odd')), LOSSY],
    ...[riffChunk('EXIF', ascii('GPS')), riffChunk('XMP ', ascii('by Alice'))],
  );
  expect(kept(Buffer.concat([drawn, ascii('behind it')]))).toEqual(WEBP);
});

test('what is sent has the name and type of what was chosen; what is no sound picture is sent as it is', async () => {
  const photo = Buffer.concat([START, exif(1, 'MM'), ...NEEDED, END]);
  const sent = await withoutMetadata(new File([photo], 'hills.jpg', { type: 'image/jpeg' }));
  expect({ name: sent.name, type: sent.type, size: sent.size }).toEqual({
    ...{ name: 'hills.jpg', type: 'image/jpeg', size: JPEG.length },
  });
  for (const bytes of [ascii('plans'), photo.subarray(0, 60), PNG.subarray(0, 40), Buffer.alloc(0)]) {
    const file = new File([bytes], 'hills.jpg', { type: 'image/jpeg' });
    expect(await withoutMetadata(file)).toBe(file);
  }
});

test('whatever is chosen, and wherever it ends, what is left is a picture of the same size, and stays as it is', () => {
  for (const whole of [JPEG, PNG, WEBP]) {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(whole.length), (more, taken) => {
        const bytes = Buffer.concat([whole.subarray(0, taken), more, whole.subarray(taken)]);
        const left = kept(bytes);
        if (left === undefined) return;
        expect(pictureHeader(left)).toEqual(pictureHeader(bytes));
        expect(kept(left)).toEqual(left);
      }),
    );
  }
});

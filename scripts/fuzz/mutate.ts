import type { Random } from '../../tests/chaos/random.ts';

const MAX_BYTES = 16_384;
const MAX_EDITS = 6;
/** JSON that parsers tend to get wrong, and sizes as in headers. */
const DICTIONARY = [
  ...['null', 'true', '[]', '{}', '""', '0', '-0', '-1', '1e999', '1e-9', '9007199254740993', '0x10', '.5'],
  ...['"__proto__":', '"constructor":', '"toString"', '\\u0000', '\\ud800', '\\"', '\\', '"type":', '"id":'],
  ...[
    '\u0000',
    '\u00ff\u00ff\u00ff\u00ff',
    '\u202e',
    '\ufeff',
    '=',
    '==',
    '////',
    ' '.repeat(64),
    '['.repeat(64),
  ],
].map((text) => Buffer.from(text, 'utf8'));

/** A few edits of one input, or the start of one joined to the end of another. */
export function mutate(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  let bytes: Buffer = Buffer.from(random.pick(corpus));
  if (random.next() < 0.1) {
    const other = random.pick(corpus);
    const [end, start] = [random.between(0, bytes.length), random.between(0, other.length)];
    bytes = Buffer.concat([bytes.subarray(0, end), other.subarray(start)]);
  }
  for (let edits = random.between(1, MAX_EDITS); edits > 0; edits--) bytes = edit(random, bytes);
  return bytes.subarray(0, MAX_BYTES);
}

function edit(random: Random, bytes: Buffer): Buffer {
  const at = random.between(0, bytes.length);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  const few = random.between(1, 8);
  switch (random.between(0, 5)) {
    case 0: // a bit
      return Buffer.concat([
        before,
        Buffer.of((after[0] ?? 0) ^ (1 << random.between(0, 7))),
        after.subarray(1),
      ]);
    case 1:
      return Buffer.concat([before, after.subarray(few)]);
    case 2:
      return Buffer.concat([before, random.pick(DICTIONARY), after]);
    case 3: // in the place of as many
      return Buffer.concat([before, random.pick(DICTIONARY), after.subarray(few)]);
    case 4:
      return Buffer.concat([before, after.subarray(0, few * 8), after]);
    default:
      return Buffer.concat([before, Buffer.of(random.between(0, 255)), after]);
  }
}

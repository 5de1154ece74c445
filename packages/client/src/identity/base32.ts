/** Base32 for handwriting: no I, L, O or U, case-insensitive, and letters resembling 0 or 1 are read as those. Spaces and hyphens are ignored. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const GROUP = 4;

/** In groups of four separated by hyphens. The number of bits must be a multiple of five. */
export function encodeBase32(bytes: Uint8Array): string {
  if ((bytes.length * 8) % 5 !== 0) throw new RangeError('not a whole number of letters');
  let letters = '';
  let [bits, count] = [0, 0];
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    for (count += 8; count >= 5; count -= 5) letters += ALPHABET[(bits >> (count - 5)) & 31];
    bits &= (1 << count) - 1;
  }
  return (letters.match(new RegExp(`.{1,${GROUP}}`, 'g')) ?? []).join('-');
}

/** Undefined for other characters, or a number of them that yields no whole bytes. */
export function decodeBase32(text: string): Uint8Array<ArrayBuffer> | undefined {
  const letters = text.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  if ((letters.length * 5) % 8 !== 0) return undefined;
  const bytes = new Uint8Array((letters.length * 5) / 8);
  let [bits, count, at] = [0, 0, 0];
  for (const letter of letters) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) return undefined;
    bits = (bits << 5) | value;
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes[at++] = bits >> count;
    }
    bits &= (1 << count) - 1;
  }
  return bytes;
}

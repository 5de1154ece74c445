/**
 * Base32 that people can write down: no I, L, O and U, no difference between small and large letters, and what looks like
 * a 0 or a 1 is one. Spaces and hyphens are for the eye.
 */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const GROUP = 4;

/** Groups of four, separated by hyphens. The number of bits has to be a multiple of five. */
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

/** Undefined for what has other letters, or letters that make no whole bytes. */
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

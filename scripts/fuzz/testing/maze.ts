/** Fails behind four checks, each of which can be reached only by passing the one before. */
export function walk(input: Uint8Array): void {
  if (input[0] !== 0x6d) return;
  if (input[1] !== 0x61) return;
  if (input[2] !== 0x7a) return;
  if (input[3] !== 0x65) return;
  throw new Error('out of the maze');
}

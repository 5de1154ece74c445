/** 2^255 - 19. A coordinate has one canonical encoding, the one below P. */
const P = 2n ** 255n - 19n;

/** With these points every key agreement yields zero, so anybody could read along. */
const LOW_ORDER_X25519: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  // both of order 8
  0x00b8495f16056286fdb1329ceb8d09da6ac49ff1fae35616aeb8413b7c7aebe0n,
  0x57119fd0dd4e22d8868e1c58c45c44045bef839c55b1d0b1248c50a3bc959c5fn,
  P - 1n,
]);

/** y of the points whose order divides 8: anybody can make "signatures" that verify under them. */
const LOW_ORDER_ED25519: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  P - 1n,
]);

/** True for 32 bytes that canonically encode an X25519 point (RFC 7748) that is not of low order. */
export function isSoundX25519Key(key: Uint8Array): boolean {
  if (key.length !== 32) return false;
  const u = littleEndian(key);
  return u < P && !LOW_ORDER_X25519.has(u);
}

/** True for 32 bytes that canonically encode a y whose Ed25519 point (RFC 8032), if there is one, is not of low order. */
export function isSoundEd25519Key(key: Uint8Array): boolean {
  if (key.length !== 32) return false;
  // the highest bit is the sign of x
  const y = littleEndian(key) & (2n ** 255n - 1n);
  return y < P && !LOW_ORDER_ED25519.has(y);
}

function littleEndian(bytes: Uint8Array): bigint {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  return BigInt(`0x${digits.reverse().join('')}`);
}

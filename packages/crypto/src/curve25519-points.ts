/** 2^255 - 19; a coordinate has one spelling, the one below it. */
const P = 2n ** 255n - 19n;

/** With these points every agreement gives the same secret, zero, whoever takes part: anybody could read along. */
const LOW_ORDER_X25519: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  // both of order 8
  0x00b8495f16056286fdb1329ceb8d09da6ac49ff1fae35616aeb8413b7c7aebe0n,
  0x57119fd0dd4e22d8868e1c58c45c44045bef839c55b1d0b1248c50a3bc959c5fn,
  P - 1n,
]);

/** y of the points whose order divides 8: what is "signed" by them is signed by everybody. */
const LOW_ORDER_ED25519: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  P - 1n,
]);

/** True for 32 bytes that are the only spelling of a point of X25519 (RFC 7748) whose order is not low. */
export function isSoundX25519Key(key: Uint8Array): boolean {
  if (key.length !== 32) return false;
  const u = littleEndian(key);
  return u < P && !LOW_ORDER_X25519.has(u);
}

/** True for 32 bytes that are the only spelling of a y whose point of Ed25519 (RFC 8032), if it is one, has no low order. */
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

import { decodeBase64 } from './base64.ts';

/** A complete subtree: the hash over 2^level entries from `position * 2^level` on. */
export type KeyLogNode = { readonly level: number; readonly position: number };

/**
 * The largest complete subtrees that together hold the entries from `from` to before `to`, left to right. Over a
 * whole log they make up its root; left and right of one entry they are its proof.
 */
export function keyLogCover(from: number, to: number): KeyLogNode[] {
  const nodes: KeyLogNode[] = [];
  // no bit operations: they end at 2^32
  for (let at = from; at < to; ) {
    let level = 0;
    let span = 1;
    while (at % (2 * span) === 0 && at + 2 * span <= to) {
      level += 1;
      span *= 2;
    }
    nodes.push({ level, position: at / span });
    at += span;
  }
  return nodes;
}

const utf8 = new TextEncoder();

/**
 * Hashed (SHA-256) to identify the user of an entry. Whoever knows a name finds its entries; names cannot be read
 * from them.
 */
export function keyLogLabel(userId: string): Uint8Array<ArrayBuffer> {
  return utf8.encode(`SecureChat/1 key-log-label\n${userId}`);
}

/** An entry: whose list it is, the list's hash, and that of the previous list; zeros for the first. */
export function keyLogEntry(
  label: Uint8Array,
  list: { readonly sha256: Uint8Array; readonly previous_sha256?: string | undefined },
): Uint8Array<ArrayBuffer> {
  const entry = new Uint8Array(3 * label.length);
  entry.set(label);
  entry.set(list.sha256, label.length);
  if (list.previous_sha256 !== undefined) entry.set(decodeBase64(list.previous_sha256), 2 * label.length);
  return entry;
}

import { sha256 } from '@securechat/crypto/e2ee';
import { concat, keyLogCover } from '@securechat/protocol';

type Peak = { readonly level: number; readonly hash: Uint8Array };

/**
 * A log of `size` entries as its complete subtrees: enough to append and to compute the root by RFC 6962, 2.1. About 32 bytes per
 * doubling of its size.
 */
export class Tree {
  readonly size: number;
  readonly #peaks: readonly Peak[];

  private constructor(size: number, peaks: readonly Peak[]) {
    this.size = size;
    this.#peaks = peaks;
  }

  static readonly empty = new Tree(0, []);

  /** Restores a tree of this size from its `hashes`. */
  static kept(size: number, hashes: readonly Uint8Array[]): Tree {
    const levels = keyLogCover(0, size);
    return new Tree(
      size,
      hashes.map((hash, index) => ({ level: levels[index]?.level ?? 0, hash })),
    );
  }

  /** Extends it to `size` by the subtrees that `keyLogCover(this.size, size)` names. Undefined for a wrong number of hashes. */
  async grown(size: number, hashes: readonly Uint8Array[]): Promise<Tree | undefined> {
    const nodes = keyLogCover(this.size, size);
    if (nodes.length !== hashes.length) return undefined;
    let peaks = this.#peaks;
    for (const [index, { level }] of nodes.entries())
      peaks = await merged([...peaks, { level, hash: hashes[index] as Uint8Array }]);
    return new Tree(size, peaks);
  }

  async append(entry: Uint8Array): Promise<Tree> {
    const leaf = { level: 0, hash: await hashOf(0, entry) };
    return new Tree(this.size + 1, await merged([...this.#peaks, leaf]));
  }

  async root(): Promise<Uint8Array> {
    const [last, ...before] = this.#peaks.toReversed();
    if (!last) return sha256(new Uint8Array());
    let root = last.hash;
    for (const { hash } of before) root = await hashOf(1, hash, root);
    return root;
  }

  /** The hashes of the subtrees that `keyLogCover(0, size)` names. */
  get hashes(): readonly Uint8Array[] {
    return this.#peaks.map(({ hash }) => hash);
  }
}

/** Merges pairs of complete subtrees of equal height. */
async function merged(peaks: readonly Peak[]): Promise<readonly Peak[]> {
  const [left, right] = peaks.slice(-2);
  if (!left || !right || left.level !== right.level) return peaks;
  const both = { level: left.level + 1, hash: await hashOf(1, left.hash, right.hash) };
  return merged([...peaks.slice(0, -2), both]);
}

/** `kind`: 0 for an entry, 1 for a node, so that neither passes for the other. */
function hashOf(kind: 0 | 1, ...parts: readonly Uint8Array[]): Promise<Uint8Array> {
  return sha256(concat(Uint8Array.of(kind), ...parts));
}

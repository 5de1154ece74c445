import { decodeBase64, encodeBase64 } from '@securechat/protocol';
import { fromBytes, toBytes } from '../storage/json.ts';
import type { Change, Store } from '../storage/store.ts';
import { Tree } from './tree.ts';

/** The newest entry seen of a user. */
export type Seen = { sha256: string; position: number };

type KeptTree = { size: number; hashes: string[] };

const TREE = 'key-log/tree';
/** Lists that are in the log and that the server has shown as newest. */
const SEEN = 'key-log/seen/';
/** Entries whose list the server has not shown yet. */
const DUE = 'key-log/due/';

/** What a device remembers of the key log: how far it has followed it, and the entries of users it knows. */
export class Kept {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async tree(): Promise<Tree | undefined> {
    const kept = await this.#json<KeptTree>(TREE);
    return kept && Tree.kept(kept.size, kept.hashes.map(decodeBase64));
  }

  seen(userId: string): Promise<Seen | undefined> {
    return this.#json(SEEN + userId);
  }

  due(userId: string): Promise<Seen | undefined> {
    return this.#json(DUE + userId);
  }

  /** Stores how far the log was followed and users' newest entries on the way, in one write. */
  async keepTree(tree: Tree, due: ReadonlyMap<string, Seen>): Promise<void> {
    const kept: KeptTree = { size: tree.size, hashes: tree.hashes.map(encodeBase64) };
    const entries = Array.from(
      due,
      ([userId, seen]): Change => ({ put: DUE + userId, value: toBytes(seen) }),
    );
    await this.#store.write([{ put: TREE, value: toBytes(kept) }, ...entries]);
  }

  async keepSeen(userId: string, seen: Seen): Promise<void> {
    await this.#store.write([{ put: SEEN + userId, value: toBytes(seen) }, { delete: DUE + userId }]);
  }

  async #json<T>(key: string): Promise<T | undefined> {
    const bytes = await this.#store.get(key);
    return bytes && fromBytes<T>(bytes);
  }
}

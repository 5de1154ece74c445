import { verify } from '@securechat/crypto/e2ee';
import {
  type Downstream,
  decodeBase64,
  encodeBase64,
  isSame,
  KEY_LOG_ENTRY_BYTES,
  type KeyLogHead,
  keyLogCover,
  transcript,
} from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { Tree } from './tree.ts';

/** The server's key log contradicts what the server said about it, or lacks a list the server has shown. */
export class LogBroken extends Error {
  override readonly name = 'LogBroken';
}

/** All in base64. `previous`: hash of the preceding list, zeros for none. */
export type LogEntry = { position: number; label: string; sha256: string; previous: string };

/** Size and root of the whole log. */
export type Whole = { readonly size: number; readonly root: Uint8Array };

export type LogParts = {
  connection: Pick<Connection, 'request'>;
  /** Any of these keys may sign. */
  serviceKeys(): Promise<readonly Uint8Array[]>;
  signal: AbortSignal;
};

const HASH_BYTES = 32;
/** Beyond the end of any log: the answer is just the head. */
const NOWHERE = Number.MAX_SAFE_INTEGER;

/** The key log as the server presents it; nothing is accepted that does not lead to a signed root. */
export class Log {
  readonly #parts: LogParts;

  constructor(parts: LogParts) {
    this.#parts = parts;
  }

  async head(): Promise<KeyLogHead> {
    return (await this.#page(NOWHERE)).head;
  }

  /** Grows a known tree to the current end; `take` gets each entry on the way. Throws `LogBroken`. */
  async follow(tree: Tree, take: (entry: LogEntry) => void): Promise<Tree> {
    for (;;) {
      const { head, entries } = await this.#page(tree.size);
      if (head.size < tree.size) throw new LogBroken('it is shorter than it was');
      if (tree.size + entries.length > head.size) throw new LogBroken('it has more entries than it says');
      if (entries.length === 0 && tree.size < head.size) throw new LogBroken('entries are withheld');
      for (const entry of entries) {
        take(entryOf(tree.size, entry));
        tree = await tree.append(entry);
      }
      if (tree.size < head.size) continue;
      if (!isSame(await tree.root(), decodeBase64(head.root)))
        throw new LogBroken('it is another than it was');
      return tree;
    }
  }

  /** The tree of the first `size` entries, provided that `whole` is its continuation. Throws `LogBroken`. */
  async at(size: number, whole: Whole): Promise<Tree> {
    const { hashes } = await this.#prove({ size: whole.size, first: size });
    const left = keyLogCover(0, size).length;
    const first = await Tree.empty.grown(size, hashes.slice(0, left));
    const grown = await first?.grown(whole.size, hashes.slice(left));
    if (!first || !grown || !isSame(await grown.root(), whole.root))
      throw new LogBroken('it has not only grown');
    return first;
  }

  /** Jumps to a head without reading the entries in between. Throws `LogBroken`. */
  async skip(tree: Tree, head: KeyLogHead): Promise<Tree> {
    const { hashes } = await this.#prove({ size: head.size, first: tree.size });
    const grown = await tree.grown(head.size, hashes.slice(keyLogCover(0, tree.size).length));
    if (!grown || !isSame(await grown.root(), decodeBase64(head.root)))
      throw new LogBroken('it has not only grown');
    return grown;
  }

  /**
   * The position of this entry and the tree of all before it; only the position when it is after `whole`. Undefined when the log lacks
   * it. Throws `LogBroken`.
   */
  async find(
    list: { user_id: string; sha256: string },
    entry: Uint8Array,
    whole: Whole,
  ): Promise<{ position: number; before?: Tree } | undefined> {
    const { position, hashes } = await this.#prove({ size: whole.size, list });
    if (position === undefined || position >= whole.size)
      return position === undefined ? undefined : { position };
    const left = keyLogCover(0, position).length;
    const before = await Tree.empty.grown(position, hashes.slice(0, left));
    const grown = await (await before?.append(entry))?.grown(whole.size, hashes.slice(left));
    if (!before || !grown || !isSame(await grown.root(), whole.root))
      throw new LogBroken(`it does not have the list of ${list.user_id}`);
    return { position, before };
  }

  async #page(from: number): Promise<{ head: KeyLogHead; entries: Uint8Array[] }> {
    const { connection, signal } = this.#parts;
    const { head, entries } = await connection.request('key_log', { from }, { signal });
    await this.#checkHead(head);
    // limited to how long a gateway may answer for the server: without the service key it could show the same head for ever
    if (head.created_at < Date.now() / 1000 - 86_400) throw new LogBroken('its head is old');
    return { head, entries: pieces(decodeBase64(entries), KEY_LOG_ENTRY_BYTES) };
  }

  async #prove(question: {
    size: number;
    list?: { user_id: string; sha256: string };
    first?: number;
  }): Promise<Pick<Downstream<'key_log_proof'>, 'position'> & { hashes: Uint8Array[] }> {
    const { connection, signal } = this.#parts;
    const { position, hashes } = await connection.request('key_log_proof', question, { signal });
    return {
      ...(position === undefined ? {} : { position }),
      hashes: pieces(decodeBase64(hashes), HASH_BYTES),
    };
  }

  async #checkHead({ signature, ...facts }: KeyLogHead): Promise<void> {
    const signed = transcript('kt-head', facts);
    for (const key of await this.#parts.serviceKeys())
      if (await verify(key, signed, decodeBase64(signature))) return;
    throw new LogBroken('its head is not signed by the service');
  }
}

function entryOf(position: number, bytes: Uint8Array): LogEntry {
  const [label = '', hash = '', previous = ''] = pieces(bytes, HASH_BYTES).map(encodeBase64);
  return { position, label, sha256: hash, previous };
}

/** Splits into whole pieces; throws `LogBroken` when bytes are left over. */
function pieces(bytes: Uint8Array, length: number): Uint8Array[] {
  if (bytes.length % length !== 0) throw new LogBroken('it is cut off');
  return Array.from({ length: bytes.length / length }, (_, index) =>
    bytes.subarray(index * length, (index + 1) * length),
  );
}

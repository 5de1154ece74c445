import { sha256, sign } from '@securechat/crypto/e2ee';
import {
  concat,
  decodeBase64,
  encodeBase64,
  type KeyLogNode,
  keyLogCover,
  keyLogEntry,
  keyLogLabel,
  type SignedDeviceList,
  transcript,
} from '@securechat/protocol';
import { deviceListHash } from '../../identity/device-list.ts';
import { type AccountKey, createAccountKey } from '../../identity/keys.ts';

/** A far server with a log of whatever it is told, true or not. Computes roots as written in RFC 6962, 2.1, and not as the client does. */
export class LogServer {
  readonly key: AccountKey;
  readonly entries: Uint8Array[] = [];
  /** The list that it shows for each user. */
  readonly lists = new Map<string, SignedDeviceList>();
  readonly asked: string[] = [];
  /** Entries per answer. */
  pageSize = 3;
  /** Time of its heads, Unix seconds. */
  now = (): number => Math.floor(Date.now() / 1000);
  /** Cached hashes of complete subtrees, for logs that are long and only grow. */
  known: KnownHashes | undefined;
  /** Alters answers before they are sent. */
  answer: (name: string, answer: Record<string, unknown>) => Record<string, unknown> = (_, answer) => answer;

  private constructor(key: AccountKey) {
    this.key = key;
  }

  static async create(): Promise<LogServer> {
    return new LogServer(await createAccountKey());
  }

  /** A copy of the log that develops separately from here on. */
  fork(): LogServer {
    const other = new LogServer(this.key);
    other.entries.push(...this.entries);
    for (const [userId, list] of this.lists) other.lists.set(userId, list);
    return other;
  }

  async show(list: SignedDeviceList): Promise<void> {
    this.lists.set(list.user_id, list);
    await this.log(list);
  }

  async log(list: SignedDeviceList): Promise<void> {
    const facts = { ...list, sha256: decodeBase64(await deviceListHash(list)) };
    this.entries.push(keyLogEntry(await sha256(keyLogLabel(list.user_id)), facts));
  }

  request = async (name: string, question: Record<string, unknown>): Promise<never> => {
    this.asked.push(name);
    return this.answer(name, await this.#answerTo(name, question)) as never;
  };

  async #answerTo(name: string, question: Record<string, unknown>): Promise<Record<string, unknown>> {
    if (name === 'device_list')
      return { type: name, ref: 'q', ...this.lists.get(question.user_id as string) };
    if (name === 'key_log') return this.#page(question.from as number);
    const {
      size,
      list,
      first = 0,
    } = question as {
      size: number;
      list?: { user_id: string; sha256: string };
      first?: number;
    };
    if (!list) return { hashes: await this.#hashes([...keyLogCover(0, first), ...keyLogCover(first, size)]) };
    const label = encodeBase64(await sha256(keyLogLabel(list.user_id)));
    const position = this.entries.findLastIndex(
      (entry) =>
        encodeBase64(entry.subarray(0, 32)) === label && encodeBase64(entry.subarray(32, 64)) === list.sha256,
    );
    if (position < 0) return { hashes: '' };
    if (position >= size) return { position, hashes: '' };
    const nodes = [...keyLogCover(0, position), ...keyLogCover(position + 1, size)];
    return { position, hashes: await this.#hashes(nodes) };
  }

  async #page(from: number): Promise<Record<string, unknown>> {
    const facts = {
      size: this.entries.length,
      root: encodeBase64(await rootOf(this.entries, this.known)),
      created_at: this.now(),
      service_key_id: 'service',
    };
    const signature = encodeBase64(await sign(this.key.secretKey, transcript('kt-head', facts)));
    const entries = this.entries.slice(from, from + this.pageSize);
    return { head: { ...facts, signature }, entries: encodeBase64(concat(...entries)) };
  }

  async #hashes(nodes: readonly KeyLogNode[]): Promise<string> {
    const hashes = nodes.map(({ level, position }) =>
      rootOf(
        this.entries.slice(position * 2 ** level, (position + 1) * 2 ** level),
        this.known,
        position * 2 ** level,
      ),
    );
    return encodeBase64(concat(...(await Promise.all(hashes))));
  }
}

/** By start and number of entries. */
type KnownHashes = Map<string, Uint8Array>;

/** MTH of RFC 6962, 2.1, over the entries from `from` on. */
export async function rootOf(
  entries: readonly Uint8Array[],
  known?: KnownHashes,
  from = 0,
): Promise<Uint8Array> {
  const [first, second] = entries;
  if (!first) return sha256(new Uint8Array());
  if (!second) return sha256(concat(Uint8Array.of(0), first));
  const name = `${from}+${entries.length}`;
  const earlier = known?.get(name);
  if (earlier) return earlier;
  let half = 1;
  while (half * 2 < entries.length) half *= 2;
  const parts = await Promise.all([
    rootOf(entries.slice(0, half), known, from),
    rootOf(entries.slice(half), known, from + half),
  ]);
  const root = await sha256(concat(Uint8Array.of(1), ...parts));
  // incomplete subtrees still grow
  if (entries.length === 2 * half) known?.set(name, root);
  return root;
}

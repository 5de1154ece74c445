import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { memoryOf } from './process-memory.ts';
import { connectRedis, keysOf } from './redis.ts';
import { rowsOf } from './stored.ts';

export type Places = {
  /** Rows of all tables, and values of all keys. */
  postgresUrl: string;
  redisUrl: string;
  /** Logs and the like, by the name used in reports. */
  texts: Readonly<Record<string, string>>;
  /** Server files by name: they may still contain deleted or overwritten data. */
  folders?: Readonly<Record<string, string>>;
  /** Processes by name: their present memory, as in a core file. */
  pids?: Readonly<Record<string, number>>;
};

/**
 * Searches everything that the servers hold for words, or bytes such as keys, in all encodings: as they are, in base64 at each of its
 * three alignments, and all of that in hex, as Postgres shows bytes. Returns where they were found.
 */
export async function findWords(
  words: readonly (string | Uint8Array)[],
  { postgresUrl, redisUrl, texts, folders = {}, pids = {} }: Places,
): Promise<string[]> {
  const spellings = words.flatMap(spellingsOf);
  const inTexts = Object.entries(texts).flatMap(([name, text]) => (has(text, spellings) ? [name] : []));
  const raw = [
    ...words.map((word) => Buffer.from(word)),
    ...spellings.map((spelling) => Buffer.from(spelling)),
  ];
  // V8's encoding of texts that contain non-Latin-1 characters
  const wide = [...words, ...spellings].flatMap((text) =>
    typeof text === 'string' ? [Buffer.from(text, 'utf16le')] : [],
  );
  return [
    ...(await findInPostgres(postgresUrl, spellings)),
    ...(await findInRedis(redisUrl, spellings)),
    ...inTexts,
    ...Object.entries(folders).flatMap(([name, folder]) => findInFiles(name, folder, raw)),
    ...Object.entries(pids).flatMap(([name, pid]) => (isInMemory(pid, [...raw, ...wide]) ? [name] : [])),
  ];
}

/** As text; bytes that are not text are searched for in base64 and hex. */
export function spellingsOf(word: string | Uint8Array): string[] {
  const bytes = Buffer.from(word);
  const encoded = ['', 'x', 'xx'].map((before) => {
    // only the letters that depend on the word alone
    const start = Math.ceil((before.length * 8) / 6);
    const end = Math.floor(((before.length + bytes.length) * 8) / 6);
    return Buffer.concat([Buffer.from(before), bytes])
      .toString('base64')
      .slice(start, end);
  });
  const plain = typeof word === 'string' ? [word, ...encoded] : encoded;
  return [...plain, bytes.toString('hex'), ...plain.map((text) => Buffer.from(text).toString('hex'))];
}

function findInFiles(name: string, folder: string, spellings: readonly Buffer[]): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const bytes = readUnlessGone(path);
      return spellings.some((spelling) => bytes.includes(spelling));
    })
    .map((path) => `${name}, ${relative(folder, path)}`);
}

function isInMemory(pid: number, spellings: readonly Buffer[]): boolean {
  for (const slice of memoryOf(pid)) if (spellings.some((spelling) => slice.includes(spelling))) return true;
  return false;
}

/** Running servers delete files. */
function readUnlessGone(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

async function findInPostgres(url: string, spellings: readonly string[]): Promise<string[]> {
  const tables = await rowsOf<{ name: string }>(
    url,
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const patterns = spellings.map((spelling) => `%${spelling.replace(/[\\%_]/g, '\\$&')}%`);
  const found: string[] = [];
  for (const { name } of tables) {
    const question = `SELECT count(*)::int AS count FROM ${name} AS line WHERE line::text LIKE ANY ($1)`;
    const [row] = await rowsOf<{ count: number }>(url, question, [patterns]);
    if ((row?.count ?? 0) > 0) found.push(`Postgres, ${name}: ${row?.count} rows`);
  }
  return found;
}

const readers: Readonly<Record<string, readonly string[]>> = {
  string: ['GET'],
  list: ['LRANGE', '0', '-1'],
  set: ['SMEMBERS'],
  zset: ['ZRANGE', '0', '-1'],
  hash: ['HGETALL'],
  stream: ['XRANGE', '-', '+'],
};

async function findInRedis(url: string, spellings: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const { redis, close } = await connectRedis(url);
  try {
    for (const key of await keysOf(redis, '*')) {
      const [command = 'GET', ...rest] = readers[await redis.type(key)] ?? [];
      if (has(JSON.stringify(await redis.call(command, key, ...rest)), spellings))
        found.push(`Redis, ${key}`);
    }
    return found;
  } finally {
    close();
  }
}

function has(text: string, spellings: readonly string[]): boolean {
  return spellings.some((spelling) => text.includes(spelling));
}

import { askRedis, rowsOf } from './stored.ts';

/**
 * Looks for words in everything that the servers hold, however they may be spelled there: as they are, in base64 at each of
 * its three alignments, and both of these in hex, as Postgres shows bytes. Returns where they were found.
 */
export async function findWords(
  words: readonly string[],
  where: { postgresUrl: string; redisUrl: string; logs: readonly string[] },
): Promise<string[]> {
  const spellings = words.flatMap(spellingsOf);
  const inLogs = where.logs.flatMap((log, index) => (has(log, spellings) ? [`log ${index}`] : []));
  return [
    ...(await findInPostgres(where.postgresUrl, spellings)),
    ...(await findInRedis(where.redisUrl, spellings)),
    ...inLogs,
  ];
}

export function spellingsOf(word: string): string[] {
  const encoded = ['', 'x', 'xx'].map((before) => {
    // only the letters that depend on the word alone
    const start = Math.ceil((before.length * 8) / 6);
    const end = Math.floor(((before.length + Buffer.byteLength(word)) * 8) / 6);
    return Buffer.from(before + word)
      .toString('base64')
      .slice(start, end);
  });
  const plain = [word, ...encoded];
  return [...plain, ...plain.map((text) => Buffer.from(text).toString('hex'))];
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
  let cursor = '0';
  do {
    const [next, keys] = (await askRedis(url, 'SCAN', cursor, 'COUNT', 1_000)) as [string, string[]];
    cursor = next;
    for (const key of keys) {
      const [command = 'GET', ...rest] = readers[String(await askRedis(url, 'TYPE', key))] ?? [];
      if (has(JSON.stringify(await askRedis(url, command, key, ...rest)), spellings))
        found.push(`Redis, ${key}`);
    }
  } while (cursor !== '0');
  return found;
}

function has(text: string, spellings: readonly string[]): boolean {
  return spellings.some((spelling) => text.includes(spelling));
}

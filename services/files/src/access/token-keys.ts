import { randomBytes } from 'node:crypto';
import type { Clock, Logger } from '@securechat/kernel';
import type { Pool } from 'pg';

const KEY_BYTES = 32;
/** A key is used for this long, and its tokens, which live for minutes, are taken for one more. */
const USED_FOR_HOURS = 24;
const LOOK_EVERY_MS = 60_000;

type TokenKey = { id: number; key: Buffer };

export type TokenKeys = {
  /** What tokens are made with now. */
  current(): Promise<TokenKey>;
  /** One that tokens may have been made with; undefined for what no process uses any more. */
  find(id: number): Promise<TokenKey | undefined>;
};

/**
 * The keys of the tokens, shared by all processes through Postgres: they open nothing that this role could not read
 * there, and nobody has to make, keep or change them.
 */
export function createTokenKeys(pool: Pool, clock: Clock, logger: Logger): TokenKeys {
  let keys: TokenKey[] = [];
  let loadedMs = Number.NEGATIVE_INFINITY;
  let loading: Promise<void> | undefined;

  async function load(): Promise<void> {
    await pool.query(
      `INSERT INTO files.token_keys (key) SELECT $1
        WHERE NOT EXISTS (SELECT FROM files.token_keys WHERE made_at > now() - $2 * interval '1 hour')`,
      [randomBytes(KEY_BYTES), USED_FOR_HOURS],
    );
    await pool.query(`DELETE FROM files.token_keys WHERE made_at < now() - 2 * $1 * interval '1 hour'`, [
      USED_FOR_HOURS,
    ]);
    const found = await pool.query<TokenKey>('SELECT id, key FROM files.token_keys ORDER BY id DESC');
    keys = found.rows;
    loadedMs = clock.monotonicMs();
  }

  function reload(): Promise<void> {
    loading ??= load().finally(() => {
      loading = undefined;
    });
    return loading;
  }

  const isOld = (): boolean => clock.monotonicMs() - loadedMs > LOOK_EVERY_MS;

  return {
    async current() {
      // an old key is as good while Postgres is away
      if (isOld())
        await reload().catch((err: unknown) => {
          if (keys.length === 0) throw err;
          logger.debug({ err }, 'token keys not looked up; the known ones are used');
        });
      const [newest] = keys;
      if (!newest) throw new Error('no token key was made');
      return newest;
    },

    async find(id) {
      const known = keys.find((key) => key.id === id);
      if (known) return known;
      // another process may have made it a moment ago; a stranger's guess costs a look in a second at most
      if (clock.monotonicMs() - loadedMs > 1_000) await reload();
      return keys.find((key) => key.id === id);
    },
  };
}

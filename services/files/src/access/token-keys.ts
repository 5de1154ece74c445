import { randomBytes } from 'node:crypto';
import type { Clock, Logger } from '@securechat/kernel';
import type { Pool } from 'pg';

const KEY_BYTES = 32;
/** How long a key is used; its tokens, which live for minutes, are accepted for one period more. */
const USED_FOR_HOURS = 24;
const LOOK_EVERY_MS = 60_000;

type TokenKey = { id: number; key: Buffer };

export type TokenKeys = {
  /** The key for new tokens. */
  current(): Promise<TokenKey>;
  /** A key that may have made current tokens; undefined for one that no process uses any more. */
  find(id: number): Promise<TokenKey | undefined>;
};

/**
 * The token keys, shared by all processes through Postgres. They open nothing that this role could not read there,
 * and need no manual creation, storage or rotation.
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
      // while Postgres is down an old key does as well
      if (isOld())
        await reload().catch((err: unknown) => {
          if (keys.length === 0) throw err;
          logger.debug({ err }, 'token keys not looked up; using the known ones');
        });
      const [newest] = keys;
      if (!newest) throw new Error('no token key was made');
      return newest;
    },

    async find(id) {
      const known = keys.find((key) => key.id === id);
      if (known) return known;
      // another process may have just made it; a stranger's guess costs at most one lookup per second
      if (clock.monotonicMs() - loadedMs > 1_000) await reload();
      return keys.find((key) => key.id === id);
    },
  };
}

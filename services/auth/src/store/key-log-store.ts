import { KEY_LOG_ENTRIES, type KeyLogNode } from '@securechat/protocol';
import type { Pool } from 'pg';

export type KeyLogSize = { size: number; root: Buffer };

export type KeyLogStore = {
  newest(): Promise<KeyLogSize>;
  /** The newest size, and the entries from a position on, concatenated. */
  entriesFrom(position: number): Promise<KeyLogSize & { entries: Buffer }>;
  /** The newest position at which the log has this list. */
  find(label: Buffer, listHash: Buffer): Promise<number | undefined>;
  /** In node order, concatenated. Every node must be in the log. */
  hashesOf(nodes: readonly KeyLogNode[]): Promise<Buffer>;
};

const NEWEST = { name: 'auth_key_log_newest', text: 'SELECT size, root FROM auth.key_log_head' };
/** One statement, one snapshot: returns only what the size covers. */
const ENTRIES = {
  name: 'auth_key_log_entries',
  text: `
    SELECT h.size, h.root, coalesce(
      (SELECT string_agg(e.label || e.list_sha256 || e.previous_sha256, ''::bytea ORDER BY e.position)
       FROM auth.key_log_entries e WHERE e.position >= $1 AND e.position < $1 + $2::bigint), ''::bytea) AS entries
    FROM auth.key_log_head h`,
};
const FIND = {
  name: 'auth_key_log_find',
  text: `
    SELECT position FROM auth.key_log_entries
    WHERE label = $1 AND list_sha256 = $2 ORDER BY position DESC LIMIT 1`,
};
const HASHES = {
  name: 'auth_key_log_hashes',
  text: `
    SELECT count(*)::int AS count, coalesce(string_agg(n.hash, ''::bytea ORDER BY asked.place), ''::bytea) AS hashes
    FROM unnest($1::smallint[], $2::bigint[]) WITH ORDINALITY AS asked (level, position, place)
    JOIN auth.key_log_nodes n ON n.level = asked.level AND n.position = asked.position`,
};

export function createKeyLogStore(pool: Pool): KeyLogStore {
  return {
    async newest() {
      const { rows } = await pool.query<KeyLogSize>(NEWEST);
      return only(rows);
    },
    async entriesFrom(position) {
      const values = [position, KEY_LOG_ENTRIES];
      const { rows } = await pool.query<KeyLogSize & { entries: Buffer }>({ ...ENTRIES, values });
      return only(rows);
    },
    async find(label, listHash) {
      const { rows } = await pool.query<{ position: number }>({ ...FIND, values: [label, listHash] });
      return rows[0]?.position;
    },
    async hashesOf(nodes) {
      const values = [nodes.map(({ level }) => level), nodes.map(({ position }) => position)];
      const { rows } = await pool.query<{ count: number; hashes: Buffer }>({ ...HASHES, values });
      const { count, hashes } = only(rows);
      if (count !== nodes.length) throw new Error('the log of device lists lacks a part of its tree');
      return hashes;
    },
  };
}

function only<Row>(rows: Row[]): Row {
  const [row] = rows;
  if (!row) throw new Error('the log of device lists has no head');
  return row;
}

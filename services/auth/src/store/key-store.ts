import { withTransaction } from '@securechat/kernel';
import type { SignedDeviceList } from '@securechat/protocol';
import type { ClientBase, Pool } from 'pg';

/** An uploading device: its names, its key and the list that certifies it. */
export type KeyOwner = { user_id: string; device_id: string; public_key: Buffer; list: SignedDeviceList };

export type StoredKeyPackage = {
  ref: Buffer;
  suite: number;
  publicKey: Buffer;
  signature: Buffer;
  bytes: Buffer;
  /** Unix seconds. */
  expiresAt: number;
  lastResort: boolean;
};

type UploadOutcome = 'stored' | 'already_used' | 'full';
export type KeyStock = { count: number; last_resort: boolean };

export type KeyStore = {
  /** Undefined when the device may no longer do anything. */
  findOwner(device: number): Promise<KeyOwner | undefined>;
  /** Idempotent: storing the same package again changes nothing. */
  store(device: number, keyPackage: StoredKeyPackage, most: number): Promise<UploadOutcome>;
  stockOf(device: number): Promise<KeyStock>;
};

const FIND_OWNER = {
  name: 'auth_find_key_owner',
  text: `
    SELECT u.ext_id AS user_id, d.ext_id AS device_id, d.public_key, l.list
    FROM auth.devices d
    JOIN auth.users u ON u.id = d.user_id
    JOIN LATERAL (
      SELECT list FROM auth.device_lists WHERE user_id = d.user_id ORDER BY version DESC LIMIT 1
    ) l ON true
    WHERE d.id = $1 AND d.revoked_at IS NULL AND u.state = 'active'`,
};
/** A query for the stock of the device named by this expression. */
export const stockQuery = (device: string): string => `
    SELECT (count(*) FILTER (WHERE NOT last_resort))::int AS count, coalesce(bool_or(last_resort), false) AS last_resort
    FROM auth.key_packages WHERE device_id = ${device} AND expires_at > now()`;
const STOCK = { name: 'auth_key_stock', text: stockQuery('$1') };
/** Serialises the uploads of one device, so that their number is exact. */
const LOCK_DEVICE = {
  name: 'auth_lock_device',
  text: 'SELECT FROM auth.devices WHERE id = $1 AND revoked_at IS NULL FOR NO KEY UPDATE',
};
const LOOK_BEFORE_STORING = {
  name: 'auth_look_before_storing_key',
  text: `
    SELECT EXISTS (SELECT FROM auth.used_key_packages WHERE device_id = $1 AND ref = $2) AS is_used,
           EXISTS (SELECT FROM auth.key_packages WHERE device_id = $1 AND ref = $2) AS is_stored,
           (SELECT count(*) FROM auth.key_packages
            WHERE device_id = $1 AND NOT last_resort AND expires_at > now())::int AS count`,
};
const REPLACE_LAST_RESORT = {
  name: 'auth_replace_last_resort',
  text: `
    WITH gone AS (
      DELETE FROM auth.key_packages WHERE device_id = $1 AND suite = $2 AND last_resort
      RETURNING device_id, ref, expires_at
    )
    INSERT INTO auth.used_key_packages SELECT device_id, ref, expires_at FROM gone ON CONFLICT DO NOTHING`,
};
const STORE = {
  name: 'auth_store_key',
  text: `
    INSERT INTO auth.key_packages (device_id, ref, suite, public_key, signature, bytes, expires_at, last_resort)
    VALUES ($1, $2, $3, $4, $5, $6, to_timestamp($7), $8)`,
};

export function createKeyStore(pool: Pool): KeyStore {
  return {
    async findOwner(device) {
      const result = await pool.query<KeyOwner>({ ...FIND_OWNER, values: [device] });
      return result.rows[0];
    },

    store: (device, keyPackage, most) =>
      withTransaction(pool, (client) => storeOne(client, device, keyPackage, most)),

    async stockOf(device) {
      const result = await pool.query<KeyStock>({ ...STOCK, values: [device] });
      return result.rows[0] ?? { count: 0, last_resort: false };
    },
  };
}

async function storeOne(
  client: ClientBase,
  device: number,
  keyPackage: StoredKeyPackage,
  most: number,
): Promise<UploadOutcome> {
  const { ref, suite, publicKey, signature, bytes, expiresAt, lastResort } = keyPackage;
  await client.query({ ...LOCK_DEVICE, values: [device] });
  const looked = await client.query<{ is_used: boolean; is_stored: boolean; count: number }>({
    ...LOOK_BEFORE_STORING,
    values: [device, ref],
  });
  const [found] = looked.rows;
  if (found?.is_used) return 'already_used';
  if (found?.is_stored) return 'stored';
  if (lastResort) await client.query({ ...REPLACE_LAST_RESORT, values: [device, suite] });
  else if (found && found.count >= most) return 'full';
  const values = [device, ref, suite, publicKey, signature, bytes, expiresAt, lastResort];
  await client.query({ ...STORE, values });
  return 'stored';
}

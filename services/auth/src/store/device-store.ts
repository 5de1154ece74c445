import type { SignedDeviceList } from '@securechat/protocol';
import type { Pool } from 'pg';
import { type KeyStock, stockQuery } from './key-store.ts';

/** `user` and `device` are the server's own numbers. */
export type DeviceRow = {
  user: number;
  device: number;
  public_key: Buffer;
  is_active: boolean;
  /** Counted for an active device with this very key only: how long a refusal takes must not tell of a store. */
  stock: KeyStock | null;
};

export type DeviceStore = {
  findDevice(userId: string, deviceId: string, publicKey: Buffer): Promise<DeviceRow | undefined>;
  findNewestList(userId: string): Promise<SignedDeviceList | undefined>;
};

/** Named statements: each connection plans them once. */
const FIND_DEVICE = {
  name: 'auth_find_device',
  text: `
    SELECT d.user_id AS "user", d.id AS device, d.public_key,
           d.revoked_at IS NULL AND u.state = 'active' AS is_active,
           CASE WHEN d.public_key = $3 AND d.revoked_at IS NULL AND u.state = 'active'
             THEN (SELECT row_to_json(stock) FROM (${stockQuery('d.id')}) AS stock) END AS stock
    FROM auth.users u JOIN auth.devices d ON d.user_id = u.id
    WHERE u.ext_id = $1 AND d.ext_id = $2`,
};
const FIND_NEWEST_LIST = {
  name: 'auth_find_newest_list',
  text: `
    SELECT l.list
    FROM auth.users u JOIN auth.device_lists l ON l.user_id = u.id
    WHERE u.ext_id = $1
    ORDER BY l.version DESC LIMIT 1`,
};

export function createDeviceStore(pool: Pool): DeviceStore {
  return {
    async findDevice(userId, deviceId, publicKey) {
      const values = [userId, deviceId, publicKey];
      const result = await pool.query<DeviceRow>({ ...FIND_DEVICE, values });
      return result.rows[0];
    },
    async findNewestList(userId) {
      const result = await pool.query<{ list: SignedDeviceList }>({ ...FIND_NEWEST_LIST, values: [userId] });
      return result.rows[0]?.list;
    },
  };
}

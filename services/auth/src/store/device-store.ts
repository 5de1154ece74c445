import { gatherCalls } from '@securechat/kernel';
import type { SignedDeviceList } from '@securechat/protocol';
import type { Pool } from 'pg';
import { type KeyStock, stockQuery } from './key-store.ts';

/** `user` and `device` are internal numbers. */
type DeviceRow = {
  user: number;
  device: number;
  public_key: Buffer;
  is_active: boolean;
  /** Counted only for an active device with this very key: a refusal's timing must not reveal a store. */
  stock: KeyStock | null;
};

export type DeviceStore = {
  findDevice(userId: string, deviceId: string, publicKey: Buffer): Promise<DeviceRow | undefined>;
  findNewestList(userId: string): Promise<SignedDeviceList | undefined>;
};

/** Devices per statement, and concurrent statements: after an outage everyone logs in at once. */
const LOOKING = { most: 64, atOnce: 4 };

/**
 * Named statements: each connection plans them once. LATERAL with LIMIT keeps it at one index probe per device,
 * whatever the planner thinks of the tables' size.
 */
const FIND_DEVICES = {
  name: 'auth_find_devices',
  text: `
    SELECT k.place::int AS place, f.*
    FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY AS k(user_name, device_name, key, place)
    CROSS JOIN LATERAL (
      SELECT d.user_id AS "user", d.id AS device, d.public_key,
             d.revoked_at IS NULL AND u.state = 'active' AS is_active,
             CASE WHEN d.public_key = k.key AND d.revoked_at IS NULL AND u.state = 'active'
               THEN (SELECT row_to_json(stock) FROM (${stockQuery('d.id')}) AS stock) END AS stock
      FROM auth.users u JOIN auth.devices d ON d.user_id = u.id
      WHERE u.ext_id = k.user_name AND d.ext_id = k.device_name LIMIT 1) f`,
};
const FIND_NEWEST_LIST = {
  name: 'auth_find_newest_list',
  text: `
    SELECT l.list
    FROM auth.users u JOIN auth.device_lists l ON l.user_id = u.id
    WHERE u.ext_id = $1
    ORDER BY l.version DESC LIMIT 1`,
};

type Wanted = { userId: string; deviceId: string; publicKey: Buffer };

export function createDeviceStore(pool: Pool): DeviceStore {
  async function findDevices(wanted: readonly Wanted[]): Promise<(DeviceRow | undefined)[]> {
    const values = [
      wanted.map(({ userId }) => userId),
      wanted.map(({ deviceId }) => deviceId),
      wanted.map(({ publicKey }) => publicKey),
    ];
    const result = await pool.query<DeviceRow & { place: number }>({ ...FIND_DEVICES, values });
    const byPlace = new Map(result.rows.map((row) => [row.place, row]));
    return wanted.map((_, index) => byPlace.get(index + 1));
  }
  const gather = gatherCalls(findDevices, LOOKING);

  return {
    findDevice: (userId, deviceId, publicKey) => gather({ userId, deviceId, publicKey }),
    async findNewestList(userId) {
      const result = await pool.query<{ list: SignedDeviceList }>({ ...FIND_NEWEST_LIST, values: [userId] });
      return result.rows[0]?.list;
    },
  };
}

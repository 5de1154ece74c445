import type { DeviceCertificate, SignedDeviceList } from '@securechat/protocol';
import type { ClientBase } from 'pg';

/** The internal number of an account, and the key that speaks for it. */
export type Account = { id: number; account_key: Buffer };
export type StoredList = { version: number; list: SignedDeviceList; sha256: Buffer };

/** Undefined when the id or account key is taken; waits for a transaction that is about to take one of them. */
export async function insertAccount(client: ClientBase, list: SignedDeviceList): Promise<number | undefined> {
  const result = await client.query<{ id: number }>(
    'INSERT INTO auth.users (ext_id, account_key) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id',
    [list.user_id, Buffer.from(list.account_key, 'base64')],
  );
  return result.rows[0]?.id;
}

/** Until the end of the transaction nobody else can change the account's devices. Undefined when not active. */
export async function lockAccount(client: ClientBase, userId: string): Promise<Account | undefined> {
  const result = await client.query<Account>(
    `SELECT id, account_key FROM auth.users WHERE ext_id = $1 AND state = 'active' FOR NO KEY UPDATE`,
    [userId],
  );
  return result.rows[0];
}

/** False when another device has this key, or the user has another device of this name. */
export async function insertDevice(
  client: ClientBase,
  account: number,
  device: DeviceCertificate,
): Promise<boolean> {
  const result = await client.query(
    'INSERT INTO auth.devices (user_id, ext_id, public_key) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [account, device.device_id, Buffer.from(device.public_key, 'base64')],
  );
  return result.rowCount === 1;
}

export async function insertList(
  client: ClientBase,
  account: number,
  list: SignedDeviceList,
  sha256: Buffer,
): Promise<void> {
  await client.query(
    'INSERT INTO auth.device_lists (user_id, version, list, sha256) VALUES ($1, $2, $3, $4)',
    [account, list.version, JSON.stringify(list), sha256],
  );
}

/** The requested versions that exist, plus the newest one, by version. */
export async function findLists(
  client: ClientBase,
  account: number,
  versions: readonly number[],
): Promise<ReadonlyMap<number, StoredList>> {
  const result = await client.query<StoredList>(
    `SELECT version, list, sha256 FROM auth.device_lists
     WHERE user_id = $1
       AND (version = ANY ($2) OR version = (SELECT max(version) FROM auth.device_lists WHERE user_id = $1))`,
    [account, versions],
  );
  return new Map(result.rows.map((row) => [row.version, row]));
}

export async function findFirstList(
  client: Pick<ClientBase, 'query'>,
  userId: string,
): Promise<SignedDeviceList | undefined> {
  const result = await client.query<{ list: SignedDeviceList }>(
    `SELECT l.list FROM auth.users u JOIN auth.device_lists l ON l.user_id = u.id AND l.version = 1
     WHERE u.ext_id = $1`,
    [userId],
  );
  return result.rows[0]?.list;
}

import { sqlState, withTransaction } from '@securechat/kernel';
import { ProtocolError } from '@securechat/protocol';
import type { FilesRequests } from '@securechat/protocol/internal';
import type { Pool, PoolClient } from 'pg';
import { FILE_COLUMNS, type FileRow } from './file-row.ts';

type Offer = FilesRequests['offer']['ask'];
export type OfferPolicy = { storagePerUser: number; filesPerUser: number; uploadValidMs: number };

const UNIQUE_VIOLATION = '23505';

/**
 * Reserves room, and admits the current members, in one transaction. `isNew` is false when the same offer already
 * existed. Throws a ProtocolError: not a member, no room, or another file has this id.
 */
export async function storeOffer(
  pool: Pool,
  offer: Offer,
  policy: OfferPolicy,
): Promise<{ file: FileRow; isNew: boolean }> {
  const known = await findSame(pool, offer);
  if (known) return { file: known, isNew: false };
  try {
    const file = await withTransaction(pool, (client) => insertOffer(client, offer, policy));
    return { file, isNew: true };
  } catch (error) {
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
    // someone else's came first, or a repetition of this one
    const winner = await findSame(pool, offer);
    if (!winner) throw error;
    return { file: winner, isNew: false };
  }
}

async function findSame(pool: Pool, offer: Offer): Promise<FileRow | undefined> {
  const found = await pool.query<FileRow>({
    name: 'find-offer',
    text: `SELECT ${FILE_COLUMNS} FROM files.files f WHERE ext_id = $1`,
    values: [offer.file_id],
  });
  const [file] = found.rows;
  if (!file) return undefined;
  const isSame =
    file.owner_id === offer.user &&
    file.conversation === offer.conversation_id &&
    file.max_size === offer.file_size &&
    file.chunk_size === offer.chunk_size &&
    file.state !== 'removing';
  if (!isSame) throw new ProtocolError('ID_REUSED', { path: '/file_id' });
  return file;
}

async function insertOffer(client: PoolClient, offer: Offer, policy: OfferPolicy): Promise<FileRow> {
  const members = await client.query<{ user_id: number }>({
    name: 'members-of',
    text: 'SELECT user_id FROM files.members WHERE conversation = $1',
    values: [offer.conversation_id],
  });
  const users = members.rows.map((row) => row.user_id);
  if (!users.includes(offer.user)) throw new ProtocolError('PERMISSION_DENIED');
  await reserve(client, offer, policy);
  const inserted = await client.query<FileRow>({
    name: 'insert-file',
    text: `INSERT INTO files.files AS f (ext_id, owner_id, conversation, max_size, chunk_size, max_chunks, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 millisecond') RETURNING ${FILE_COLUMNS}`,
    values: [
      offer.file_id,
      offer.user,
      offer.conversation_id,
      offer.file_size,
      offer.chunk_size,
      offer.total_chunks,
      policy.uploadValidMs,
    ],
  });
  const [file] = inserted.rows;
  if (!file) throw new Error('an inserted row was not returned');
  await client.query({
    name: 'grant-members',
    text: 'INSERT INTO files.grants (file_id, user_id) SELECT $1, unnest($2::bigint[])',
    values: [file.id, users.filter((user) => user !== offer.user)],
  });
  return file;
}

/** The user's row is the lock: of two concurrent offers the second sees what the first has reserved. */
async function reserve(client: PoolClient, offer: Offer, policy: OfferPolicy): Promise<void> {
  await client.query({
    name: 'open-storage',
    text: 'INSERT INTO files.storage (user_id) VALUES ($1) ON CONFLICT DO NOTHING',
    values: [offer.user],
  });
  const reserved = await client.query({
    name: 'reserve',
    text: `UPDATE files.storage SET reserved = reserved + $2, files = files + 1
            WHERE user_id = $1 AND used + reserved + $2 <= coalesce(quota, $3) AND files < $4`,
    values: [offer.user, offer.file_size, policy.storagePerUser, policy.filesPerUser],
  });
  if (reserved.rowCount === 1) return;
  const limit = await limitOf(client, offer.user, policy.storagePerUser);
  throw new ProtocolError('STORAGE_FULL', { scope: 'storage', limit });
}

/** An admin may have given the user their own quota. */
async function limitOf(client: PoolClient, user: number, storagePerUser: number): Promise<number> {
  const found = await client.query<{ quota: number | null }>({
    name: 'quota-of',
    text: 'SELECT quota FROM files.storage WHERE user_id = $1',
    values: [user],
  });
  return found.rows[0]?.quota ?? storagePerUser;
}

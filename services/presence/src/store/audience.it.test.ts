import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openPool } from '@securechat/kernel';
import { createTestDatabase, type TestDatabase, urlForRole } from '@securechat/testkit';
import type { Pool } from 'pg';
import { findListeners, findVisible } from './audience.ts';
import { writeSettings } from './settings.ts';

let database: TestDatabase;
let owner: Pool;
/** As the service connects. */
let pool: Pool;
const numbers = new Map<string, number>();
const user = (name: string): number => numbers.get(name) ?? 0;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = openPool(database.url, { applicationName: 'test-owner', max: 2 });
  const url = (await urlForRole(database.url, 'securechat_presence')) ?? database.url;
  pool = openPool(url, { applicationName: 'test-presence', max: 2 });
  for (const name of ['alice', 'bob', 'carol', 'dave', 'erin', 'frank']) await addUser(name);
  await addConversation('direct', 'c_alice_and_bob_talk', { alice: 3, bob: 4 });
  await addConversation('direct', 'c_carol_is_written_to', { alice: 2, carol: 0 });
  await addConversation('group', 'c_group_of_three_____', { alice: 5, dave: 6, erin: 0 });
});
afterAll(async () => {
  await Promise.all([pool.end(), owner.end()]);
  await database.drop();
});

async function addUser(name: string): Promise<void> {
  const { rows } = await owner.query<{ id: number }>(
    `INSERT INTO auth.users (ext_id, account_key) VALUES ($1, sha256(convert_to($1, 'UTF8'))) RETURNING id`,
    [name],
  );
  const [row] = rows;
  numbers.set(name, row?.id ?? 0);
}

/** Members with the place of the last message from their one device, which has the user's number; 0 for none. */
async function addConversation(kind: string, id: string, members: Record<string, number>): Promise<void> {
  const { rows } = await owner.query<{ id: number }>(
    'INSERT INTO delivery.conversations (ext_id, kind) VALUES ($1, $2) RETURNING id',
    [id, kind],
  );
  for (const [name, said] of Object.entries(members)) {
    await owner.query(
      'INSERT INTO delivery.conv_members (conv_id, user_id, user_name, joined_seq) VALUES ($1, $2, $3, 1)',
      [rows[0]?.id, user(name), name],
    );
    await owner.query(
      `INSERT INTO delivery.conv_devices (conv_id, device_id, user_id, joined_seq, last_sent_seq)
       VALUES ($1, $2, $2, 1, $3)`,
      [rows[0]?.id, user(name), said],
    );
  }
}

async function seenBy(viewer: string): Promise<string[]> {
  const found = await findVisible(pool, { user: user(viewer), user_id: viewer }, [
    ...numbers.keys(),
    'nobody',
  ]);
  return found.map((each) => each.user_id).sort();
}

describe('a user is seen', () => {
  test('by whom it has answered, not by whoever has written to it, nor by a stranger', async () => {
    expect(await seenBy('alice')).toEqual(['bob']);
    expect(await seenBy('bob')).toEqual(['alice']);
    expect(await seenBy('carol')).toEqual(['alice']);
    expect(await seenBy('frank')).toEqual([]);
  });

  test('in a group only if it lets the members of its groups see it', async () => {
    expect(await seenBy('dave')).toEqual([]);
    await writeSettings(pool, user('alice'), { status_to: 'conversations' });
    expect(await seenBy('dave')).toEqual(['alice']);
    expect(await seenBy('frank')).toEqual([]);
    await writeSettings(pool, user('alice'), { status_to: 'direct' });
  });

  test('by nobody, if it wants that', async () => {
    await writeSettings(pool, user('alice'), { status_to: 'nobody' });
    expect(await seenBy('bob')).toEqual([]);
    await writeSettings(pool, user('alice'), { status_to: 'direct' });
    expect(await seenBy('bob')).toEqual(['alice']);
  });

  test('neither by whom it has blocked nor by who has blocked it', async () => {
    await owner.query('INSERT INTO delivery.blocks (user_id, blocked_name) VALUES ($1, $2)', [
      user('alice'),
      'bob',
    ]);
    expect([await seenBy('bob'), await seenBy('alice')]).toEqual([[], []]);
    await owner.query('DELETE FROM delivery.blocks');
    expect([await seenBy('bob'), await seenBy('alice')]).toEqual([['alice'], ['bob']]);
  });

  test('not by who has left, and not when its account is disabled', async () => {
    await owner.query(`UPDATE auth.users SET state = 'disabled' WHERE ext_id = 'bob'`);
    expect(await seenBy('alice')).toEqual([]);
    await owner.query(`UPDATE auth.users SET state = 'active' WHERE ext_id = 'bob'`);
    await owner.query('UPDATE delivery.conv_members SET left_seq = 9 WHERE user_id = $1', [user('carol')]);
    expect(await seenBy('carol')).toEqual([]);
  });
});

describe('that somebody writes is heard', () => {
  const listeners = async (name: string, conversation: string, most = 63) =>
    (
      await findListeners(pool, { user: user(name), user_id: name, device: user(name) }, conversation, most)
    ).sort();

  test('by the other members and nobody else', async () => {
    expect(await listeners('alice', 'c_group_of_three_____')).toEqual([user('dave'), user('erin')]);
    expect(await listeners('frank', 'c_group_of_three_____')).toEqual([]);
    expect(await listeners('alice', 'c_there_is_none_______')).toEqual([]);
  });

  test('by nobody in a group that is too large', async () => {
    expect(await listeners('alice', 'c_group_of_three_____', 1)).toEqual([]);
  });

  test('not across a block, whoever has made it', async () => {
    await owner.query('INSERT INTO delivery.blocks (user_id, blocked_name) VALUES ($1, $2), ($3, $4)', [
      ...[user('dave'), 'alice'],
      ...[user('alice'), 'erin'],
    ]);
    expect(await listeners('alice', 'c_group_of_three_____')).toEqual([]);
    await owner.query('DELETE FROM delivery.blocks');
  });
});

test.each([
  'SELECT body FROM delivery.messages',
  'SELECT * FROM delivery.mailbox',
  'SELECT account_key FROM auth.users',
  'SELECT public_key FROM auth.devices',
  'UPDATE delivery.conv_members SET left_seq = 1',
  'DELETE FROM presence.settings',
  'CREATE TABLE presence.another ()',
])('the role of presence may not: %s', async (statement) => {
  const client = await owner.connect();
  try {
    await client.query('BEGIN; SET LOCAL ROLE securechat_presence');
    await expect(client.query(statement)).rejects.toThrow(/permission denied/);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
});

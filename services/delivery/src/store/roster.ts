import type { Role } from '@securechat/protocol/internal';
import type { Client } from 'pg';
import type { Conversation } from './state.ts';

/** What only some conversations of a batch need: one more round trip if there are any, otherwise none. */
export async function readMore(
  client: Client,
  byId: ReadonlyMap<number, Conversation>,
  wanted: { isCommitRequired: ReadonlySet<number>; operated: ReadonlySet<string>; joining: number[] },
): Promise<void> {
  const all = [...byId.values()];
  const operated = all.filter(({ extId }) => wanted.operated.has(extId));
  const idsOf = (some: Conversation[]): number[] => some.map(({ id }) => id);
  await Promise.all([
    readDue(client, byId, [...wanted.isCommitRequired]),
    countJobs(client, byId, idsOf(all.filter(({ fanout }) => fanout === 'outbox'))),
    readRosters(client, byId, idsOf(operated), wanted.joining),
    findLogHeads(client, byId, idsOf(operated.filter(({ logHead }) => logHead === undefined))),
  ]);
}

async function readDue(
  client: Client,
  byId: ReadonlyMap<number, Conversation>,
  ids: number[],
): Promise<void> {
  if (ids.length === 0) return;
  const found = await client.query<{ conv_id: number; device_id: number; address: string }>({
    name: 'read-due',
    text: `SELECT DISTINCT d.conv_id, d.device_id, u.ext_id || ':' || a.ext_id AS address
             FROM delivery.conv_devices d JOIN auth.devices a ON a.id = d.device_id JOIN auth.users u ON u.id = a.user_id
            WHERE d.conv_id = ANY($1) AND d.removal_due ORDER BY d.device_id`,
    values: [ids],
  });
  for (const row of found.rows) {
    byId.get(row.conv_id)?.due.push({ device: row.device_id, address: row.address });
  }
}

async function countJobs(
  client: Client,
  byId: ReadonlyMap<number, Conversation>,
  ids: number[],
): Promise<void> {
  if (ids.length === 0) return;
  const found = await client.query<{ conv_id: number; jobs: number }>({
    name: 'count-jobs',
    text: `SELECT conv_id, count(*) AS jobs FROM delivery.fanout_jobs WHERE conv_id = ANY($1) GROUP BY conv_id`,
    values: [ids],
  });
  for (const row of found.rows) {
    const conversation = byId.get(row.conv_id);
    if (conversation) conversation.waitingJobs = row.jobs;
  }
}

async function readRosters(
  client: Client,
  byId: ReadonlyMap<number, Conversation>,
  ids: number[],
  joining: number[],
): Promise<void> {
  if (ids.length === 0) return;
  const [members, devices, former, banned] = await Promise.all([
    client.query<{ conv_id: number; user_id: number; user_name: string; role: Role }>({
      name: 'read-members',
      text: `SELECT conv_id, user_id, user_name, role FROM delivery.conv_members
              WHERE conv_id = ANY($1) AND left_seq IS NULL`,
      values: [ids],
    }),
    client.query<{ conv_id: number; device_id: number; user_id: number; address: string }>({
      name: 'read-addresses',
      text: `SELECT d.conv_id, d.device_id, d.user_id, u.ext_id || ':' || a.ext_id AS address
               FROM delivery.conv_devices d JOIN auth.devices a ON a.id = d.device_id JOIN auth.users u ON u.id = a.user_id
              WHERE d.conv_id = ANY($1) AND (d.left_seq IS NULL OR d.removal_due)`,
      values: [ids],
    }),
    client.query<{ conv_id: number; device_id: number; seq: number }>({
      name: 'read-former',
      text: `SELECT conv_id, device_id, max(last_client_seq) AS seq FROM delivery.conv_devices
              WHERE conv_id = ANY($1) AND device_id = ANY($2) GROUP BY conv_id, device_id`,
      values: [ids, joining],
    }),
    client.query<{ conv_id: number; user_name: string }>({
      name: 'read-bans',
      text: 'SELECT conv_id, user_name FROM delivery.conv_bans WHERE conv_id = ANY($1)',
      values: [ids],
    }),
  ]);
  const rosterOf = (id: number) => {
    const conversation = byId.get(id);
    if (conversation)
      conversation.roster ??= {
        members: new Map(),
        devices: new Map(),
        banned: new Set(),
        formerClientSeqs: new Map(),
      };
    return conversation?.roster;
  };
  for (const id of ids) rosterOf(id);
  for (const row of members.rows)
    rosterOf(row.conv_id)?.members.set(row.user_id, { name: row.user_name, role: row.role });
  for (const row of devices.rows)
    rosterOf(row.conv_id)?.devices.set(row.address, { device: row.device_id, user: row.user_id });
  for (const row of banned.rows) rosterOf(row.conv_id)?.banned.add(row.user_name);
  for (const row of former.rows) rosterOf(row.conv_id)?.formerClientSeqs.set(row.device_id, row.seq);
}

/** For conversations created by the previous release: the hash of their creation, as long as it is remembered. */
async function findLogHeads(
  client: Client,
  byId: ReadonlyMap<number, Conversation>,
  ids: number[],
): Promise<void> {
  if (ids.length === 0) return;
  const found = await client.query<{ conv_id: number; hash: Buffer }>({
    name: 'find-creations',
    text: `SELECT conv_id, hash FROM delivery.messages WHERE conv_id = ANY($1) AND conv_seq = 1`,
    values: [ids],
  });
  for (const row of found.rows) {
    const conversation = byId.get(row.conv_id);
    if (conversation) conversation.logHead = row.hash;
  }
}

import type { Client } from 'pg';
import type { BatchPlan, Operated } from '../batch-plan.ts';

/**
 * Members, devices and keys as a batch's operations leave them; written one after the other, because one may undo
 * another.
 */
export function writeOperations(client: Client, plan: BatchPlan): Promise<unknown>[] {
  return plan.operations.flatMap((operated) => [
    ...writeMembers(client, operated),
    ...writeBans(client, operated),
    ...writeDevices(client, operated),
    writeKeys(client, operated),
    ...writeWelcome(client, plan, operated),
  ]);
}

function writeMembers(client: Client, { conversation, convSeq, effect }: Operated): Promise<unknown>[] {
  const { joinedMembers, leftMembers, roles } = effect;
  const writes: Promise<unknown>[] = [];
  if (joinedMembers.length > 0) {
    writes.push(
      client.query({
        name: 'join-members',
        // marks only grow, even for a member who comes back
        text: `INSERT INTO delivery.conv_members (conv_id, user_id, user_name, joined_seq, delivered_seq, read_seq)
               SELECT $1, m.user_id, m.user_name, $2, coalesce(f.delivered_seq, 0), coalesce(f.read_seq, 0)
                 FROM unnest($3::bigint[], $4::text[]) AS m(user_id, user_name)
                 LEFT JOIN LATERAL (
                      SELECT max(delivered_seq) AS delivered_seq, max(read_seq) AS read_seq FROM delivery.conv_members
                       WHERE conv_id = $1 AND user_id = m.user_id) f ON true`,
        values: [
          conversation.id,
          convSeq,
          joinedMembers.map(({ user }) => user),
          joinedMembers.map(({ name }) => name),
        ],
      }),
    );
  }
  if (leftMembers.length > 0) {
    writes.push(
      client.query({
        name: 'leave-members',
        text: `UPDATE delivery.conv_members SET left_seq = $2
                WHERE conv_id = $1 AND user_id = ANY($3) AND left_seq IS NULL`,
        values: [conversation.id, convSeq + 1, leftMembers],
      }),
    );
  }
  if (roles.length > 0) {
    writes.push(
      client.query({
        name: 'set-roles',
        text: `UPDATE delivery.conv_members m SET role = r.role
                 FROM unnest($2::bigint[], $3::text[]) AS r(user_id, role)
                WHERE m.conv_id = $1 AND m.user_id = r.user_id AND m.left_seq IS NULL`,
        values: [conversation.id, roles.map(({ user }) => user), roles.map(({ role }) => role)],
      }),
    );
  }
  return writes;
}

function writeBans(client: Client, { conversation, convSeq, effect }: Operated): Promise<unknown>[] {
  const { banned, unbanned } = effect;
  const writes: Promise<unknown>[] = [];
  if (banned.length > 0) {
    writes.push(
      client.query({
        name: 'add-bans',
        text: `INSERT INTO delivery.conv_bans (conv_id, user_name, banned_seq) SELECT $1, unnest($3::text[]), $2`,
        values: [conversation.id, convSeq, banned],
      }),
    );
  }
  if (unbanned.length > 0) {
    writes.push(
      client.query({
        name: 'lift-bans',
        text: 'DELETE FROM delivery.conv_bans WHERE conv_id = $1 AND user_name = ANY($2)',
        values: [conversation.id, unbanned],
      }),
    );
  }
  return writes;
}

/** A device that leaves still gets the operation, which tells it so. A device that joins gets it as its first message. */
function writeDevices(client: Client, { conversation, convSeq, effect }: Operated): Promise<unknown>[] {
  const { joinedDevices, leftDevices, removedDevices, keys } = effect;
  const writes: Promise<unknown>[] = [];
  if (leftDevices.length > 0) {
    writes.push(
      client.query({
        name: 'leave-devices',
        text: `UPDATE delivery.conv_devices SET left_seq = $2, removal_due = $4
                WHERE conv_id = $1 AND device_id = ANY($3) AND left_seq IS NULL`,
        values: [conversation.id, convSeq + 1, leftDevices, keys === undefined],
      }),
    );
  }
  if (removedDevices.length > 0) {
    writes.push(
      client.query({
        name: 'remove-devices',
        text: `UPDATE delivery.conv_devices SET removal_due = false
                WHERE conv_id = $1 AND device_id = ANY($2) AND removal_due`,
        values: [conversation.id, removedDevices],
      }),
    );
  }
  if (joinedDevices.length > 0) {
    writes.push(
      client.query({
        name: 'join-devices',
        text: `INSERT INTO delivery.conv_devices (conv_id, device_id, user_id, joined_seq, last_client_seq)
               SELECT $1, d.device_id, d.user_id, $2, d.last_client_seq
                 FROM unnest($3::bigint[], $4::bigint[], $5::bigint[]) AS d(device_id, user_id, last_client_seq)`,
        values: [
          conversation.id,
          convSeq,
          joinedDevices.map(({ device }) => device),
          joinedDevices.map(({ user }) => user),
          // as decided: what the device sent earlier in this batch is not written yet
          joinedDevices.map(({ lastClientSeq }) => lastClientSeq),
        ],
      }),
    );
  }
  return writes;
}

function writeKeys(client: Client, { conversation, state }: Operated): Promise<unknown> {
  return client.query({
    name: 'set-keys',
    text: `UPDATE delivery.conversations
              SET generation = $2, epoch = $3, epoch_seq = $4, log_head = $5, commit_required = $6, fanout = $7
            WHERE id = $1`,
    values: [
      conversation.id,
      state.generation,
      state.epoch,
      state.epochSeq,
      state.logHead,
      state.isCommitRequired,
      state.fanout,
    ],
  });
}

/** Stored with the message, which an earlier statement has inserted. */
function writeWelcome(client: Client, plan: BatchPlan, operated: Operated): Promise<unknown>[] {
  if (operated.welcome === undefined) return [];
  return [
    client.query({
      name: 'add-welcome',
      text: `UPDATE delivery.messages SET welcome = $4 WHERE day = $1::date AND conv_id = $2 AND conv_seq = $3`,
      values: [plan.day, operated.conversation.id, operated.convSeq, operated.welcome],
    }),
  ];
}

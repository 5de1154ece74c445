import { commit, openDedicatedClient, openPool } from '@securechat/kernel';
import type { StreamRecord } from '@securechat/kernel/ordered';
import type { OrderedRecord, OutRecord, Packed } from '@securechat/protocol/internal';
import { createTestDatabase, personNamed, urlForRole } from '@securechat/testkit';
import type { Client, Pool } from 'pg';
import type { BatchPlan } from '../batch-plan.ts';
import { decideBatch } from '../decide-batch.ts';
import type { Policy } from '../rules/policy.ts';
import type { Mark } from '../store/watermarks.ts';
import { writeBatch } from '../store/write-batch.ts';
import { type Account, createBy, type Endpoint, type Place, type Standing } from './records.ts';

type Ran = { plan: BatchPlan; moved: Mark[]; answers: OutRecord[] };
type Row = Record<string, unknown>;

/** A database with every service's schema and some people, and a pool with delivery's own role. */
export type World = {
  /** As the owner of the database. */
  ownerUrl: string;
  /** As the service connects. */
  url: string;
  pool: Pool;
  /** A connection like those of the batches. */
  openClient(): Promise<Client>;
  addPerson(name: string, devices?: number): Promise<Account>;
  /** Creates the direct conversation of two people from the first one's first device; it takes conv_seq 1. */
  connect(a: Account, b: Account): Promise<Place>;
  /** The current state of a conversation. */
  standing(conversation: string): Promise<Standing>;
  /** One batch in one transaction, as the service does it: decide, write, COMMIT. */
  run(
    records: StreamRecord<Packed<OrderedRecord>>[],
    options?: { nowMs?: number; client?: Client; policy?: Policy },
  ): Promise<Ran>;
  /** One statement, run as the owner. */
  query<R extends Row = Row>(sql: string, values?: unknown[]): Promise<R[]>;
  /** What waits for a device, in order. */
  mailbox(device: Endpoint): Promise<{ seq: number; conv_seq: number; body: string | null }[]>;
  close(): Promise<void>;
};

export async function openWorld(): Promise<World> {
  const database = await createTestDatabase();
  const url = (await urlForRole(database.url, 'securechat_delivery')) ?? database.url;
  const owner = openPool(database.url, { applicationName: 'test-owner', max: 4 });
  const pool = openPool(url, { applicationName: 'test-delivery', max: 8 });
  const clients: Client[] = [];

  async function openClient(): Promise<Client> {
    const client = await openDedicatedClient(url, { applicationName: 'test-batches', pipeline: true });
    clients.push(client);
    return client;
  }
  const ownClient = await openClient();

  const world: World = {
    ownerUrl: database.url,
    url,
    pool,
    openClient,

    async addPerson(name, devices = 2) {
      const person = personNamed(name, { devices });
      const [user] = await world.query<{ id: number }>(
        'INSERT INTO auth.users (ext_id, account_key) VALUES ($1, $2) RETURNING id',
        [name, person.accountKey.publicKey],
      );
      const rows = await world.query<{ id: number; ext_id: string }>(
        `INSERT INTO auth.devices (user_id, ext_id, public_key)
         SELECT $1, * FROM unnest($2::text[], $3::bytea[]) RETURNING id, ext_id`,
        [user?.id, person.devices.map(({ id }) => id), person.devices.map(({ key }) => key.publicKey)],
      );
      const numbers = new Map(rows.map((row) => [row.ext_id, row.id]));
      return {
        name,
        user: user?.id ?? 0,
        devices: person.devices.map(({ id, address }) => ({
          user: user?.id ?? 0,
          device: numbers.get(id) ?? 0,
          address,
        })),
      };
    },

    async connect(a, b) {
      const record = createBy(a, b);
      const { answers } = await world.run([record]);
      if (answers[0]?.kind !== 'stored') throw new Error(`not created: ${JSON.stringify(answers)}`);
      return { conversation: answers[0].conversation, a, b };
    },

    async standing(conversation) {
      const [row] = await world.query<{ generation: number; epoch: number; log_head: Buffer }>(
        'SELECT generation, epoch, log_head FROM delivery.conversations WHERE ext_id = $1',
        [conversation],
      );
      if (!row) throw new Error(`there is no ${conversation}`);
      const { generation, epoch, log_head } = row;
      return { conversation, generation, epoch, head: log_head.toString('base64') };
    },

    async run(records, { nowMs = Date.now(), client = ownClient, policy } = {}) {
      await client.query('BEGIN');
      try {
        const plan = await decideBatch(client, records, nowMs, policy);
        const moved = await writeBatch(client, plan);
        await commit(client);
        return { plan, moved, answers: plan.answers.map(({ record }) => record) };
      } catch (error) {
        await client.query('ROLLBACK');
        throw error;
      }
    },

    query: async <R extends Row>(sql: string, values: unknown[] = []) =>
      (await owner.query<R>(sql, values)).rows,

    mailbox: ({ device }) =>
      world.query(
        `SELECT b.seq, b.conv_seq, convert_from(CASE WHEN b.is_welcome THEN m.welcome ELSE m.body END, 'UTF8') AS body
           FROM delivery.mailbox b
           LEFT JOIN delivery.messages m USING (day, conv_id, conv_seq) WHERE b.device_id = $1 ORDER BY b.seq`,
        [device],
      ),

    async close() {
      await Promise.all([...clients.map((client) => client.end()), pool.end(), owner.end()]);
      await database.drop();
    },
  };
  return world;
}

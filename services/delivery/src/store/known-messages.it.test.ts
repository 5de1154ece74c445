import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Client, QueryConfig } from 'pg';
import { openWorld, type World } from '../testing/world.ts';
import { findKnown } from './known-messages.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

type Plan = { 'Node Type': string; 'Index Cond'?: string; 'Relation Name'?: string; Plans?: Plan[] };
const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

// a range of days would scan each day's ids for every id: 5 ms per message in a day with 100,000, on Postgres 15 to
// 17
test('an id is looked for by whole keys of the index, however many messages a day has', async () => {
  const client = await world.openClient();
  for (const name of ['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin'])
    await client.query(`SET ${name} = off`);
  const asked: QueryConfig[] = [];
  const listening = {
    query: (config: QueryConfig) => {
      asked.push(config);
      return client.query(config);
    },
  } as Pick<Client, 'query'> as Client;
  await findKnown(listening, { ids: [{ device: 1, id: 'nobody' }], days: ['2026-11-28', '2026-11-27'] });

  const { text, values } = asked[0] as { text: string; values: unknown[] };
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
    `EXPLAIN (FORMAT JSON) ${text}`,
    values,
  );
  const onMessages = nodesOf(rows[0]?.['QUERY PLAN'][0].Plan as Plan).filter((node) =>
    node['Relation Name']?.startsWith('messages_'),
  );
  expect(onMessages.length).toBeGreaterThan(0);
  for (const node of onMessages) {
    expect(node['Node Type']).toBe('Index Scan');
    expect(node['Index Cond']).toMatch(
      /^\(\(day = [^)]*\) AND \(sender_device = [^)]*\) AND \(msg_id = [^)]*\)\)$/,
    );
  }
});

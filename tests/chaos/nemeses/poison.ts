import { until } from '@securechat/testkit';
import type { World } from '../world.ts';
import type { Nemesis } from './nemesis.ts';

const PARKED_DEADLINE_MS = 20_000;
const OVERSIZED_BYTES = 2 * 1024 * 1024;

/** Entries that none of our gateways writes: fields and values. */
const entries: readonly { what: string; fields: readonly string[] }[] = [
  { what: 'noise', fields: ['e', 'this is no packed entry'] },
  { what: 'nothing', fields: ['e', ''] },
  { what: 'another version', fields: ['e', '\0\0\0\u001f[{"version":2,"type":"chat_v2"}]'] },
  { what: 'too much', fields: ['e', 'x'.repeat(OVERSIZED_BYTES)] },
];

export const poisonStreams: Nemesis = {
  what: 'poison, oversized and wrong-version entries in the streams',
  hurts: 'redis',
  async strike({ world, random, times }) {
    const before = await countDeadLetters(world);
    const { streamPrefix } = world.constellation;
    let added = 0;
    for (let n = 0; n < times; n++) {
      for (const { fields } of entries) {
        await world.ask('XADD', `${streamPrefix}:{d.${random.between(0, 3)}}:in`, '*', ...fields);
        added += 1;
      }
    }
    world.poisoned += added;
    await until(
      'every one of them is parked',
      async () => (await countDeadLetters(world)) >= before + added,
      PARKED_DEADLINE_MS,
    );
    return `${added} entries, all parked as dead letters`;
  },
};

export async function countDeadLetters(world: World): Promise<number> {
  const [row] = await world.rows<{ count: number }>('SELECT count(*)::int FROM delivery.dead_letters');
  return row?.count ?? 0;
}

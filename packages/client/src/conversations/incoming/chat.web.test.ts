import { describe, expect, test } from '@jest/globals';
import { message, person, victim, welcome } from '../testing/victim.ts';
import { readPage } from '../timeline/reading.ts';
import { takeMarks } from './marks.ts';

const conversationId = 'c_0123456789abcdefgh';
const first = { type: 'group_create', id: 'm_first', conversationId } as const;

/** A device in a group made by a friend. */
async function member() {
  const friend = await person('friend');
  const device = await victim([friend]);
  await device.take(await welcome(friend, [await device.invited()], first));
  const lines = async () => {
    const page = await readPage(device.core.store, conversationId, { limit: 50 });
    return page.map(({ entry: { id, body } }) => (body.type === 'missing' ? body.reason : id));
  };
  const says = async (id: string, clientSeq: number, lasting: number) =>
    device.take(await message(friend, first, { id, clientSeq, lasting, place: clientSeq + 1 }));
  return { ...device, says, lines: async () => (await lines()).slice(1) };
}

describe('a message', () => {
  test('that says it comes before what is before it opens no holes', async () => {
    const { says, lines, alarms } = await member();
    await says('m_1', 1, 0);
    await says('m_2', 2, Number.MAX_SAFE_INTEGER);
    const types = alarms.map(({ type }) => type);
    expect([types.includes('undecryptable'), types.includes('gap')]).toEqual([true, false]);
    expect(await lines()).toEqual(['m_1', 'undecryptable']);
    await says('m_3', 3, 1);
    expect(await lines()).toEqual(['m_1', 'undecryptable', 'm_3']);
  });

  test('takes no place of a hole, whatever it is called', async () => {
    const { says, lines } = await member();
    await says('m_1', 1, 0);
    await says('gap-d_1-3', 2, 1);
    await says('m_4', 4, 3);
    expect(await lines()).toEqual(['m_1', 'gap-d_1-3', 'gap', 'm_4']);
  });
});

test('what was on its way when this device left is passed over, and what comes later is told', async () => {
  const { core, says, lines, alarms } = await member();
  await says('m_1', 1, 0);
  alarms.length = 0;
  await core.registry.step(conversationId, async (step) => {
    step.change({ membership: 'left', lastPlace: 4 });
    await step.write();
  });
  await says('m_2', 2, 1);
  expect([alarms, await lines()]).toEqual([[], ['m_1']]);
  await says('m_4', 4, 2);
  expect(alarms.map(({ type }) => type)).toEqual(['undecryptable']);
});

test('marks are those of members, and do not fall', async () => {
  const { core } = await member();
  const mark = (user_id: string, through: number) =>
    takeMarks(core, {
      ...{ conversation_id: conversationId, user_id },
      ...{ delivered_through: through, read_through: through },
    });
  await mark('friend', 2);
  await mark('friend', 1);
  await mark('nobody', 1);
  await mark('constructor', 1);
  await takeMarks(core, {
    ...{ conversation_id: 'c_unknown_0123456789', user_id: 'friend' },
    ...{ delivered_through: 1, read_through: 1 },
  });
  expect(core.registry.get(conversationId)?.marks).toEqual({
    friend: { deliveredThrough: 2, readThrough: 2 },
  });
  expect(core.registry.all()).toHaveLength(1);
});

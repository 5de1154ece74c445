import { describe, expect, test } from '@jest/globals';
import { toBytes } from '../../storage/json.ts';
import { keysOf } from '../record.ts';
import { packageOf, person, victim, welcome } from '../testing/victim.ts';

const conversationId = 'c_0123456789abcdefgh';
const first = { type: 'group_create', id: 'm_first', conversationId } as const;
const again = { type: 'group_member_add', id: 'm_again', conversationId, place: 2 } as const;

/** A device in a group made by a friend. */
async function member() {
  const [friend, stranger] = [await person('friend'), await person('stranger')];
  const device = await victim([friend, stranger]);
  const own = await device.invited({ isLastResort: true });
  const created = await welcome(friend, [own], first);
  await device.take(created);
  await device.core.registry.step(conversationId, async (step) => {
    step.change({ isRequest: false, name: 'friends' });
    await step.write();
  });
  const record = () => device.core.registry.get(conversationId)!;
  return { ...device, friend, stranger, created, record };
}

describe('a welcome into a conversation that is known', () => {
  test('is refused where this device has a part: its keys and its members stay', async () => {
    const { take, invited, stranger, record, alarms } = await member();
    const before = record();
    await take(await welcome(stranger, [await invited()], again));
    expect(alarms.map(({ type }) => type)).toEqual(['fork']);
    expect(record()).toEqual({ ...before, parted: 'seen' });
  });

  test('that was seen already is a replay, though its key package is the last resort', async () => {
    const { core, take, created, record, alarms } = await member();
    await core.registry.step(conversationId, async (step) => {
      step.change({ membership: 'left' });
      await step.write();
    });
    await take({ ...created, delivery: { ...created.delivery, seq: 2, conv_seq: 2 } });
    expect(alarms.map(({ type }) => type)).toEqual(['replay']);
    expect(record().membership).toBe('left');
  });

  test('by a stranger is a request, and has not the name of what this device had left', async () => {
    const { core, take, invited, stranger, record, alarms } = await member();
    await core.registry.step(conversationId, async (step) => {
      step.change({ membership: 'left' });
      await step.write();
    });
    await take(await welcome(stranger, [await invited()], again));
    expect(alarms).toEqual([]);
    expect(record()).toMatchObject({ membership: 'member', isRequest: true, name: '' });
  });
});

test('nobody else brings this device into the conversation that it is making', async () => {
  const stranger = await person('stranger');
  const { core, take, invited, alarms } = await victim([stranger]);
  await core.store.write([{ put: keysOf.creation(conversationId), value: toBytes({ operation: {} }) }]);
  await take(await welcome(stranger, [await invited()], first));
  expect(alarms.map(({ type }) => type)).toEqual(['fork']);
  expect(core.registry.get(conversationId)).toBeUndefined();
});

test.each(['ghost', 'no:user id'])(
  'a leaf of %s, of whom no server knows, is refused, and the mailbox goes on',
  async (name) => {
    const [stranger, ghost] = [await person('stranger'), await person(name)];
    const { core, take, invited, alarms } = await victim([stranger]);
    const { bytes } = await packageOf(ghost);
    await take(await welcome(stranger, [await invited(), { person: ghost, keyPackage: bytes }], first));
    expect(alarms.map(({ type }) => type)).toEqual(['rogue-device']);
    expect(core.registry.get(conversationId)).toBeUndefined();
  },
);

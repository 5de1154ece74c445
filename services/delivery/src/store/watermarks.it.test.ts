import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ackFrom, chatFrom, deviceOf, type Endpoint, type Place, readBy } from '../testing/records.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
let place: Place;
let sender: Endpoint;
let phone: Endpoint;
let laptop: Endpoint;
let pairs = 0;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

/** Bob's devices have the creation and messages up to conv_seq 5, which are mailbox 1 … 5. */
beforeEach(async () => {
  const pair = ++pairs;
  place = await world.connect(await world.addPerson(`alice${pair}`), await world.addPerson(`bob${pair}`));
  [sender, phone, laptop] = [deviceOf(place.a, 0), deviceOf(place.b, 0), deviceOf(place.b, 1)];
  await world.run([1, 2, 3, 4].map((n) => chatFrom(sender, place, n)));
});

const waiting = async (device: Endpoint) => (await world.mailbox(device)).map(({ seq }) => seq);
const queue = async (device: Endpoint) =>
  (
    await world.query(
      'SELECT head_seq, acked_seq FROM delivery.device_queue JOIN delivery.device_acks USING (device_id) WHERE device_id = $1',
      [device.device],
    )
  )[0];
const mark = async (user = place.b.user) =>
  (
    await world.query(
      `SELECT delivered_seq AS delivered, read_seq AS read FROM delivery.conv_members m
         JOIN delivery.conversations c ON c.id = m.conv_id WHERE c.ext_id = $1 AND user_id = $2`,
      [place.conversation, user],
    )
  )[0];

describe('acknowledgements', () => {
  test('are cumulative, forget the pointers of that device alone and move the mark of its user', async () => {
    const { moved } = await world.run([ackFrom(phone, 3)]);
    expect(await waiting(phone)).toEqual([4, 5]);
    expect(await waiting(laptop)).toEqual([1, 2, 3, 4, 5]);
    expect(await queue(phone)).toEqual({ head_seq: 5, acked_seq: 3 });
    expect(await mark()).toEqual({ delivered: 3, read: 0 });
    expect(await mark(place.a.user)).toEqual({ delivered: 0, read: 0 });
    expect(moved).toEqual([
      expect.objectContaining({
        conversation_id: place.conversation,
        user_id: place.b.name,
        delivered_through: 3,
        read_through: 0,
      }),
    ]);
  });

  test('only ever grow: an older one, or the same again, changes nothing and tells nobody', async () => {
    await world.run([ackFrom(phone, 4)]);
    for (const through of [2, 4, 0, -1]) {
      const { moved } = await world.run([ackFrom(phone, through)]);
      expect(moved).toEqual([]);
      expect(await queue(phone)).toEqual({ head_seq: 5, acked_seq: 4 });
    }
    await world.run([ackFrom(phone, 5), ackFrom(phone, 1)]);
    expect(await queue(phone)).toEqual({ head_seq: 5, acked_seq: 5 });
  });

  test('what was acknowledged before is not looked for again, however much of it the index still holds', async () => {
    await world.run([ackFrom(phone, 3)]);
    // nothing can arrive there any more: it stands for an index entry of a deleted row, not vacuumed yet
    await world.query(
      `INSERT INTO delivery.mailbox (device_id, seq, conv_id, conv_seq, day)
         SELECT device_id, 2, conv_id, 2, day FROM delivery.mailbox WHERE device_id = $1 AND seq = 4`,
      [phone.device],
    );
    await world.run([ackFrom(phone, 5)]);
    expect(await waiting(phone)).toEqual([2]);
    expect(await queue(phone)).toEqual({ head_seq: 5, acked_seq: 5 });
  });

  test('one beyond the head deletes nothing that comes later, in the same batch or in the next', async () => {
    const { plan } = await world.run([ackFrom(phone, 1000), chatFrom(sender, place, 5)]);
    expect(plan.acks.get(phone.device)).toBe(5);
    expect(await waiting(phone)).toEqual([6]);
    expect(await queue(phone)).toEqual({ head_seq: 6, acked_seq: 5 });
    expect(await mark()).toEqual({ delivered: 5, read: 0 });
    await world.run([chatFrom(sender, place, 6)]);
    expect(await waiting(phone)).toEqual([6, 7]);
    // and later acknowledgements still count
    await world.run([ackFrom(phone, 7)]);
    expect(await waiting(phone)).toEqual([]);
  });

  test('the furthest device of a user counts for the mark', async () => {
    await world.run([ackFrom(phone, 3), ackFrom(laptop, 2)]);
    expect(await mark()).toEqual({ delivered: 3, read: 0 });
    await world.run([ackFrom(laptop, 5)]);
    expect(await mark()).toEqual({ delivered: 5, read: 0 });
    await world.run([ackFrom(phone, 4)]);
    expect(await mark()).toEqual({ delivered: 5, read: 0 });
    expect(await waiting(phone)).toEqual([5]);
  });

  test('of several conversations at once move the mark of each', async () => {
    const other = await world.connect(place.b, await world.addPerson(`charlie${pairs}`));
    await world.run([chatFrom(deviceOf(other.b, 0), other, 1)]);
    const { moved } = await world.run([ackFrom(phone, 6)]);
    const marks = moved.map((found) => `${found.conversation_id} ${found.delivered_through}`);
    expect(marks.toSorted()).toEqual([`${place.conversation} 5`, `${other.conversation} 2`].toSorted());
  });

  test('of a device that nobody knows do nothing', async () => {
    const { moved, answers } = await world.run([ackFrom({ ...phone, device: 999_999 }, 3)]);
    expect({ moved, answers }).toEqual({ moved: [], answers: [] });
  });
});

describe('read marks', () => {
  test('never go beyond what a device of the reader has', async () => {
    expect((await world.run([readBy(phone, place.conversation, 5)])).moved).toEqual([]);
    expect(await mark()).toEqual({ delivered: 0, read: 0 });
    const { moved } = await world.run([ackFrom(laptop, 3), readBy(phone, place.conversation, 5)]);
    expect(await mark()).toEqual({ delivered: 3, read: 3 });
    expect(moved.at(-1)).toMatchObject({ delivered_through: 3, read_through: 3 });
  });

  test('never go back, whatever comes late or twice', async () => {
    await world.run([ackFrom(phone, 5)]);
    await world.run([
      readBy(phone, place.conversation, 2),
      readBy(laptop, place.conversation, 4),
      readBy(phone, place.conversation, 3),
    ]);
    expect(await mark()).toEqual({ delivered: 5, read: 4 });
    expect((await world.run([readBy(phone, place.conversation, 2)])).moved).toEqual([]);
    expect(await mark()).toEqual({ delivered: 5, read: 4 });
  });

  test('of somebody who is no member, or of no conversation, do nothing', async () => {
    const stranger = await world.addPerson(`stranger${pairs}`);
    const { moved } = await world.run([
      readBy(deviceOf(stranger, 0), place.conversation, 1),
      readBy(phone, 'c_unknown', 1),
    ]);
    expect(moved).toEqual([]);
  });

  test('of many in one batch the furthest counts', async () => {
    const { plan } = await world.run([
      ...[1, 2, 3].map((through) => ackFrom(phone, through)),
      ...[1, 2, 3].map((through) => readBy(phone, place.conversation, through)),
    ]);
    expect([plan.acks.size, plan.reads.size]).toEqual([1, 1]);
    expect(await mark()).toEqual({ delivered: 3, read: 3 });
  });
});

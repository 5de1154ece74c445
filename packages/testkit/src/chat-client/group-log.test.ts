import { expect, test } from '@jest/globals';
import { makeChange, makeGroup, someMaterial } from '../group-operation.ts';
import { alice, bob, charlie } from '../people.ts';
import { GroupLog } from './group-log.ts';

test('a log that leaves something out does not hold together', () => {
  const created = makeGroup({ creator: alice, device: alice.device(0), others: [bob] });
  const [seen, kept] = [new GroupLog(created.conversation_id), new GroupLog(created.conversation_id)];
  for (const log of [seen, kept]) log.apply(created);
  const by = { from: alice, device: alice.device(0) };
  const hidden = makeChange('group_update', {
    ...by,
    standing: seen.standing,
    targets: [bob.id],
    role: 'admin',
  });
  seen.apply(hidden);
  const devices = charlie.devices.map(({ address }) => address);
  const added = makeChange('group_member_add', {
    ...{ ...by, standing: seen.standing, targets: [charlie.id] },
    ...{ added_devices: devices, welcome_to: devices, commit: someMaterial(), welcome: someMaterial() },
  });
  for (const log of [seen, kept]) log.apply(added);
  expect(seen.breaks).toEqual([]);
  expect(kept.breaks).toHaveLength(1);
  expect(seen.roles).toEqual(
    new Map([
      ['alice', 'owner'],
      ['bob', 'admin'],
      ['charlie', 'member'],
    ]),
  );
  expect(seen).toMatchObject({ epoch: 1, generation: 0 });
});

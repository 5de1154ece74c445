import { toBytes } from '../../storage/json.ts';
import { keysOf } from '../record.ts';
import type { Step } from '../step.ts';
import { victim } from './victim.ts';

export const GROUP = 'c_0123456789abcdefgh';

/** A device in a group with Bob and Carol, and a way to do something in one written step. */
export async function inGroup() {
  const { core, self, disk } = await victim([]);
  const { userId, deviceId } = self.own;
  const log = { kind: 'group', roles: { [userId]: 'member', bob: 'member', carol: 'admin' }, leaves: {} };
  const record = {
    id: GROUP,
    purpose: 'people',
    log,
    name: '',
    membership: 'member',
    lastPlace: 0,
    readThrough: 0,
    unread: 0,
  };
  const counters = { activeAtMs: 0, nextLocal: 0, epochMessages: 0, marks: {} };
  await core.store.write([{ put: keysOf.record(GROUP), value: toBytes({ ...record, ...counters }) }]);
  await core.registry.load();
  const within = <T>(work: (step: Step) => Promise<T> | T): Promise<T> =>
    core.registry.step(GROUP, async (step) => {
      const done = await work(step);
      await step.write();
      return done;
    });
  return { core, disk, within, own: { from: userId, deviceId } };
}

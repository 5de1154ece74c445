import { MAX_COMMIT_REMOVALS } from '@securechat/protocol';
import { lookUp } from '../../look-up.ts';
import type { Packages } from '../keys/packages.ts';
import { packagesOf } from '../keys/packages.ts';
import { type Address, addressOf, userOf } from '../membership/log.ts';
import { type Build, standing, withCommit } from './built.ts';

export type CommitIntent = { type: 'group_commit' } & (
  | /** Fresh keys, unless this epoch is over by then. */ {
      why: 'rotation';
      generation: number;
      epoch: number;
    }
  | /** Keys of its own for a device that was brought in. */ { why: 'joined' }
  | /** Exactly these have to go before anything else is said. */ { why: 'due'; devices: readonly Address[] }
  | /** Own devices that came, or went. */ {
      why: 'devices';
      add: readonly Address[];
      remove: readonly Address[];
      packages?: Packages;
    }
);

/** Moves to the next epoch without changing the members. */
export const buildCommit: Build<CommitIntent> = async (core, step, intent, id) => {
  const { log, isLeafFresh } = step.record;
  const commit = (add: Packages, remove: readonly Address[]) => {
    const devices = Object.keys(add);
    const fields = {
      ...standing(core, step, 'group_commit', id),
      ...{ added_devices: devices, removed_devices: [...remove], welcome_to: devices },
    };
    return withCommit(core, step, fields, { add, remove });
  };
  switch (intent.why) {
    case 'rotation':
      if (log.generation !== intent.generation || log.epoch !== intent.epoch) return 'moot';
      return commit({}, log.due);
    case 'joined':
      return isLeafFresh ? 'moot' : commit({}, log.due);
    case 'due': {
      const present = [...new Set([...intent.devices, ...log.due])].filter(
        (address) => address in log.leaves,
      );
      // those named by the server come first: if there are more than fit, it insists on those
      return present.length === 0 ? 'moot' : commit({}, present.slice(0, MAX_COMMIT_REMOVALS));
    }
    case 'devices': {
      if (log.due.length > 0) return commit({}, log.due);
      const self = addressOf(core.own.userId, core.own.deviceId);
      const add = packagesOf(
        intent.packages ?? {},
        (address) =>
          intent.add.includes(address) &&
          !(address in log.leaves) &&
          lookUp(log.roles, userOf(address)) !== undefined,
      );
      const remove = intent.remove.filter((address) => address in log.leaves && address !== self);
      return Object.keys(add).length + remove.length === 0 ? 'moot' : commit(add, remove);
    }
  }
};

import { lookUp } from '../../look-up.ts';
import type { PackagesWanted } from '../keys/packages.ts';
import type { ConversationRecord } from '../record.ts';
import type { Intent } from './index.ts';

/** The devices whose key packages an intent needs; undefined for none. */
export function packagesWantedBy(
  record: ConversationRecord | undefined,
  intent: Intent,
): PackagesWanted | undefined {
  switch (intent.type) {
    case 'group_create':
      return { users: intent.users, devices: [] };
    case 'group_member_add':
      return { users: intent.users.filter((user) => !lookUp(record?.log.roles ?? {}, user)), devices: [] };
    case 'group_commit':
      if (intent.why !== 'devices' || intent.add.length === 0) return undefined;
      return { users: [], devices: intent.add.filter((address) => !(address in (record?.log.leaves ?? {}))) };
    case 'group_member_remove':
    case 'group_leave':
    case 'group_update':
      return undefined;
  }
}

import type { GroupCreateRecord } from '@securechat/protocol/internal';
import { malformed, type Refusal } from './refusal.ts';

/** What the database knows about the users and devices named in a creation. */
export type Participants = {
  /** By name, users who are active, have a device, and have not blocked the other one. */
  users: Map<string, number>;
  /** Active devices by address (`alice:phone`). */
  devices: Map<string, { device: number; user: number }>;
  /** The conversation these two users already have. */
  existing: { extId: string; epoch: number } | undefined;
};

/**
 * May this direct conversation be created? Requires two different active users, one of them the creator; devices of
 * exactly these two, including the creating device; and a welcome for all the others. An unknown user, a blocked one
 * and one who accepts nobody are refused alike.
 */
export function checkDirectCreate(
  record: GroupCreateRecord,
  participants: Participants,
): Refusal | undefined {
  const { members, added_devices: added, welcome_to: welcomed } = record;
  if (record.generation !== 0 || record.epoch !== 0) return malformed('/epoch');
  if (record.previous_sha256 !== undefined) return malformed('/previous_sha256');
  if (new Set(members).size !== 2) return malformed('/members');
  if (new Set(added).size !== added.length) return malformed('/added_devices');

  const users = members.map((name) => participants.users.get(name));
  if (!users.includes(record.user) || users.includes(undefined)) return { error: 'PERMISSION_DENIED' };

  const devices = added.map((address) => participants.devices.get(address));
  if (devices.some((found) => !found || !users.includes(found.user))) return { error: 'PERMISSION_DENIED' };
  if (!users.every((user) => devices.some((found) => found?.user === user)))
    return malformed('/added_devices');

  const own = added.filter((_, index) => devices[index]?.device === record.device);
  if (own.length !== 1) return malformed('/added_devices');
  const others = added.filter((address) => !own.includes(address));
  if (others.toSorted().join() !== welcomed.toSorted().join()) return malformed('/welcome_to');
  return undefined;
}

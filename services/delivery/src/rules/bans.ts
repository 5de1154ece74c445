import { MAX_GROUP_BANS } from '@securechat/protocol';
import type { Role } from '@securechat/protocol/internal';
import { malformed, type Refusal } from './refusal.ts';
import { mayDo } from './roles.ts';
import { type Effect, noEffect, type Roster } from './roster.ts';

/**
 * Users that a group does not admit. By name, like blocks, so a ban needs no account and reveals nothing about one.
 * It outlives epochs and restarts, since only `group_member_add` admits anyone. The list is bounded; repeating a ban
 * takes no further place in it, and lifting one that does not exist is allowed.
 */

/** Undefined when none of them is banned. */
export function checkBanned(names: readonly string[], { banned }: Roster): Refusal | undefined {
  const place = names.findIndex((name) => banned.has(name));
  return place < 0 ? undefined : { error: 'BANNED', detail: { path: `/targets/${place}` } };
}

export function ban(names: readonly string[], { banned }: Roster): Effect | Refusal {
  const added = names.filter((name) => !banned.has(name));
  if (banned.size + added.length > MAX_GROUP_BANS) {
    return { error: 'BAN_LIST_FULL', detail: { limit: MAX_GROUP_BANS } };
  }
  return { ...noEffect, banned: added };
}

/** Bans users who are not members, or lifts bans. A member is banned by removal, which changes the keys. */
export function changeBans(
  names: readonly string[],
  isBan: boolean,
  { roster, own }: { roster: Roster; own: { role: Role } },
): Effect | Refusal {
  if (!mayDo(own.role, 'ban')) return { error: 'PERMISSION_DENIED' };
  if (new Set(names).size < names.length) return malformed('/targets');
  if (!isBan) return { ...noEffect, unbanned: [...names] };
  const members = new Set([...roster.members.values()].map(({ name }) => name));
  return names.some((name) => members.has(name)) ? malformed('/targets') : ban(names, roster);
}

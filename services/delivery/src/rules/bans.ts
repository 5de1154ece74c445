import { MAX_GROUP_BANS } from '@securechat/protocol';
import type { Role } from '@securechat/protocol/internal';
import { malformed, type Refusal } from './refusal.ts';
import { mayDo } from './roles.ts';
import { type Effect, noEffect, type Roster } from './roster.ts';

/**
 * Whom a group does not let in. By name, like blocks, so that it needs no account and tells nothing of one. It outlives
 * epochs and restarts, since only `group_member_add` brings anybody in. The list is bounded; a ban that is there already
 * takes no further place in it, and one that is not may be lifted.
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

/** Bans people who are no members, or lifts bans. A member is banned by the removal, which changes the keys. */
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

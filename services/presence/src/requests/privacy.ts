import type { OutStreams } from '@securechat/directory';
import type { Answer, OutRecord, PresenceRequests } from '@securechat/protocol/internal';
import type { Pool } from 'pg';
import type { Watchers } from '../status/watchers.ts';
import { findUser } from '../store/audience.ts';
import { readSettings, writeSettings } from '../store/settings.ts';

export type PrivacyParts = { pool: Pool; watchers: Watchers; outStreams: OutStreams };

const NOTHING = new Uint8Array(0);

/**
 * Sets who may see a user, or returns the current setting. After a change, gateways must ask again before the user's
 * watchers are told more.
 */
export async function privacy(
  parts: PrivacyParts,
  { user, status_to, last_seen }: PresenceRequests['privacy']['ask'],
): Promise<Answer<'presence', 'privacy'>> {
  if (status_to === undefined && last_seen === undefined) return await readSettings(parts.pool, user);
  const written = await writeSettings(parts.pool, user, { status_to, last_seen });
  await tellWatchers(parts, { kind: 'recheck', user });
  return written ?? (await readSettings(parts.pool, user));
}

/** Two users may no longer, or may again, see each other. */
export async function recheck(
  parts: PrivacyParts,
  { user, name }: PresenceRequests['recheck']['ask'],
): Promise<Record<never, never>> {
  const other = await findUser(parts.pool, name);
  if (other === undefined) return {};
  await Promise.all([
    tellWatchers(parts, { kind: 'recheck', user, viewers: [other] }),
    tellWatchers(parts, { kind: 'recheck', user: other, viewers: [user] }),
  ]);
  return {};
}

async function tellWatchers(
  { watchers, outStreams }: PrivacyParts,
  head: Extract<OutRecord, { kind: 'recheck' }>,
): Promise<void> {
  const [gateways = []] = await watchers.of([head.user]);
  await Promise.all(gateways.map((gateway) => outStreams.send(gateway, [{ head, body: NOTHING }])));
}

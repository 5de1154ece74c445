import type { Clock, Finding } from '@securechat/kernel';
import type { Pool } from 'pg';
import type { ServiceKeys } from '../service-keys.ts';
import { serviceKeySince } from '../store/service-key-store.ts';

const DAY_MS = 86_400_000;
/**
 * Whoever copied it unnoticed can impersonate this server until it changes, so it should not outlive the usual life
 * of such keys.
 */
const MAX_DAYS = 2 * 365;

/** Which service keys there are, and how long the current one has been signing here. */
export async function lookAtKeys(
  pool: Pool,
  { published }: Pick<ServiceKeys, 'published'>,
  clock: Clock,
): Promise<Finding[]> {
  return Promise.all(
    published.map(async ({ id, state }) => {
      const since = state === 'current' ? await serviceKeySince(pool, id) : undefined;
      const says = `${id} is the ${state} one`;
      return since === undefined ? { about: 'service key', says } : judgeKeyAge(says, since, clock.now());
    }),
  );
}

function judgeKeyAge(says: string, since: Date, nowMs: number): Finding {
  const days = Math.max(0, Math.floor((nowMs - since.getTime()) / DAY_MS));
  const finding = { about: 'service key', says: `${says}, and has signed here for ${days} days` };
  if (days <= MAX_DAYS) return finding;
  return { ...finding, remedy: 'Change it in three restarts: the section on keys in docs/operations.md.' };
}

import type { LimitsInForce } from '@securechat/directory';
import { authOptions } from '../config.ts';
import { type KeyLimit, type LimitConfig, limitOptions, limitWindows } from './table.ts';

/** The limits that `KeyLimits` counts, by the name shown to admins. */
export const countedAs = {
  key_requests: 'keyRequests',
  keys_per_pair: 'keysPerPair',
  keys_per_target: 'keysPerTarget',
  key_uploads: 'keyUploads',
  turn_credentials: 'turnCredentials',
} as const satisfies Record<string, KeyLimit>;

/** The limits that this process enforces; the other services announce theirs. */
export function ownLimits(config: LimitConfig): LimitsInForce {
  return Object.fromEntries(
    Object.entries(countedAs).map(([name, limit]) => [
      name,
      {
        most: config[limitOptions[limit]],
        unit: 'count',
        per: limit === 'keysPerPair' ? 'pair' : 'user',
        windowMs: limitWindows[limit],
        option: authOptions[limitOptions[limit]].env,
      },
    ]),
  );
}

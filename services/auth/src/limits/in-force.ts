import type { LimitsInForce } from '@securechat/directory';
import type { ConfigOf } from '@securechat/kernel';
import { authOptions } from '../config.ts';
import { type KeyLimit, limitWindows } from './table.ts';

type OwnConfig = Pick<
  ConfigOf<typeof authOptions>,
  'keyRequestsPerMinute' | 'keysPerPairHour' | 'keysPerTargetHour' | 'keyUploadsPerHour' | 'turnPerHour'
>;

/** What `KeyLimits` counts, by the name that admins are told. */
export const countedAs = {
  key_requests: 'keyRequests',
  keys_per_pair: 'keysPerPair',
  keys_per_target: 'keysPerTarget',
  key_uploads: 'keyUploads',
  turn_credentials: 'turnCredentials',
} as const satisfies Record<string, KeyLimit>;

/** What this process goes by; the other services announce theirs. */
export function ownLimits(config: OwnConfig): LimitsInForce {
  const set: Record<keyof typeof countedAs, keyof OwnConfig> = {
    key_requests: 'keyRequestsPerMinute',
    keys_per_pair: 'keysPerPairHour',
    keys_per_target: 'keysPerTargetHour',
    key_uploads: 'keyUploadsPerHour',
    turn_credentials: 'turnPerHour',
  };
  const limits = Object.entries(set) as [keyof typeof countedAs, keyof OwnConfig][];
  return Object.fromEntries(
    limits.map(([name, option]) => [
      name,
      {
        most: config[option],
        unit: 'count',
        per: name === 'keys_per_pair' ? 'pair' : 'user',
        windowMs: limitWindows[countedAs[name]],
        option: authOptions[option].env,
      },
    ]),
  );
}

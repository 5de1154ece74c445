import type { LimitsInForce } from '@securechat/directory';
import type { ConfigOf } from '@securechat/kernel';
import { options } from './config.ts';

/**
 * The limits that this process enforces, as operators see them (`GET /v1/admin/limits`); a user may have their own
 * quota.
 */
export function limitsInForce(config: ConfigOf<typeof options>): LimitsInForce {
  const kept = { per: 'user', windowMs: 0 } as const;
  return {
    storage: { ...kept, most: config.storagePerUser, unit: 'bytes', option: options.storagePerUser.env },
    files: { ...kept, most: config.filesPerUser, unit: 'count', option: options.filesPerUser.env },
  };
}

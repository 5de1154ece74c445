import type { LimitsInForce } from '@securechat/directory';
import type { ConfigOf } from '@securechat/kernel';
import { options } from './config.ts';

/** The limits that this process enforces, as operators see them (`GET /v1/admin/limits`). */
export function limitsInForce(config: ConfigOf<typeof options>): LimitsInForce {
  const waiting = { per: 'device', windowMs: 0 } as const;
  return {
    waiting_messages: {
      ...waiting,
      most: config.maxWaitingMessages,
      unit: 'count',
      option: options.maxWaitingMessages.env,
    },
    waiting_bytes: {
      ...waiting,
      most: config.maxWaitingBytes,
      unit: 'bytes',
      option: options.maxWaitingBytes.env,
    },
  };
}

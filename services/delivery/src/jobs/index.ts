import type { Clock, Job, Logger } from '@securechat/kernel';
import type { Pool } from 'pg';
import type { DeliveryMetrics } from '../metrics.ts';
import { dropOld } from './drop-old.ts';
import { endEntitlement } from './end-entitlement.ts';
import { expireMessagesJob } from './expire-messages.ts';
import { freeBodiesJob } from './free-bodies.ts';
import { makePartitions } from './make-partitions.ts';

export type JobParts = {
  pool: Pool;
  /** The time by which something may be dropped; rejects when that is in doubt. */
  now(): Promise<number>;
  retentionDays: number;
  metrics: DeliveryMetrics;
  clock: Clock;
  logger: Logger;
};

/** What delivery does in the background, by the name that logs, metrics and the queue show. */
export function deliveryJobs(parts: JobParts): Record<string, Job> {
  return {
    'make-partitions': makePartitions(parts),
    'expire-messages': expireMessagesJob(parts),
    'free-bodies': freeBodiesJob(parts),
    'drop-old': dropOld(parts),
    'end-entitlement': endEntitlement(parts),
  };
}

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
  /** The time that decides what may be dropped; rejects when the clock is in doubt. */
  now(): Promise<number>;
  retentionDays: number;
  metrics: DeliveryMetrics;
  clock: Clock;
  logger: Logger;
};

/** Delivery's background jobs, by the name shown in logs, metrics and the queue. */
export function deliveryJobs(parts: JobParts): Record<string, Job> {
  return {
    'make-partitions': makePartitions(parts),
    'expire-messages': expireMessagesJob(parts),
    'free-bodies': freeBodiesJob(parts),
    'drop-old': dropOld(parts),
    'end-entitlement': endEntitlement(parts),
  };
}

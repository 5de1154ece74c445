import type { GroupOperationName } from '@securechat/protocol';
import type { OrderedRecord, OrderedTo, Packed } from '@securechat/protocol/internal';
import type { BatchPlan } from '../batch-plan.ts';
import { ack } from './ack.ts';
import { chat } from './chat.ts';
import { receipt } from './receipt.ts';

type RecordOf<N> = Extract<OrderedRecord, { type: N }>;

/**
 * The handler of each type that needs only the state read for every batch. Operations on conversations are not
 * listed: they name users and devices, which are looked up first (`decide-batch.ts`).
 */
export const handlers: {
  [N in Exclude<OrderedTo<'delivery'>, GroupOperationName>]: (
    plan: BatchPlan,
    record: Packed<RecordOf<N>>,
  ) => void;
} = { chat, ack, receipt };

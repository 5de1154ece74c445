import type { OrderedRecord, Packed, RoutedTo } from '@securechat/protocol/internal';
import type { BatchPlan } from '../batch-plan.ts';
import { ack } from './ack.ts';
import { chat } from './chat.ts';
import { receipt } from './receipt.ts';

type RecordOf<N> = Extract<OrderedRecord, { type: N }>;

/**
 * What happens to each type that is decided from state read beforehand. `group_create` is not among them: it has
 * to look up people, so `process-batch.ts` runs its two halves.
 */
export const handlers: {
  [N in Exclude<RoutedTo<'delivery'>, 'group_create'>]: (
    plan: BatchPlan,
    record: Packed<RecordOf<N>>,
  ) => void;
} = { chat, ack, receipt };

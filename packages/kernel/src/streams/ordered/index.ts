export { FIRST_ENTRY_ID } from './entry-id.ts';
export type { OrderedHandler, Processed, StreamRecord } from './handler.ts';
export {
  createOrderedConsumer,
  type OrderedConsumer,
  type OrderedConsumerOptions,
} from './ordered-consumer.ts';
export { orderedConsumerTables, orderedWorkersBusy } from './tables.ts';

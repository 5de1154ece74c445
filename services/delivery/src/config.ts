import {
  defineConfig,
  durationMs,
  int,
  postgresOption,
  redisOption,
  streamOptions,
} from '@securechat/kernel';

export const options = defineConfig({
  redisUrl: redisOption,
  postgresUrl: postgresOption('securechat_delivery'),
  ...streamOptions,
  syncConcurrency: int({
    env: 'DELIVERY_SYNC_CONCURRENCY',
    default: 16,
    min: 1,
    max: 1000,
    doc: 'Mailbox pages read from Postgres at once by one process',
  }),
  receiptLingerMs: durationMs({
    env: 'DELIVERY_RECEIPT_LINGER_MS',
    default: 300,
    min: 0,
    doc: 'Receipts of a conversation are gathered for this long and sent as one',
  }),
});

import {
  bytes,
  defineConfig,
  durationMs,
  int,
  postgresOption,
  redisOption,
  streamOptions,
} from '@securechat/kernel';
import { DEFAULT_POLICY } from './rules/policy.ts';

export const options = defineConfig({
  redisUrl: redisOption,
  postgresUrl: postgresOption('securechat_delivery'),
  ...streamOptions,
  spreadAbovePercent: int({
    env: 'DELIVERY_SPREAD_ABOVE_PERCENT',
    default: 80,
    min: 0,
    max: 100,
    doc: 'How busy the event loops of delivery processes are before a further one takes part; the rest stand by, which costs less. 0: all share evenly, so that one that dies holds up only its own part',
  }),
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
  retentionDays: int({
    env: 'DELIVERY_RETENTION_DAYS',
    default: DEFAULT_POLICY.retentionDays,
    // ids are remembered for four days
    min: 5,
    max: 3650,
    doc: 'Whole days for which a message waits for devices that do not fetch it; then it is dropped',
  }),
  maxWaitingMessages: int({
    env: 'DELIVERY_MAX_WAITING_MESSAGES',
    default: DEFAULT_POLICY.maxWaitingMessages,
    min: 100,
    max: 1_000_000,
    doc: 'Messages that may wait for one device; beyond it the conversation that has most of them is cut',
  }),
  maxWaitingBytes: bytes({
    env: 'DELIVERY_MAX_WAITING_BYTES',
    default: DEFAULT_POLICY.maxWaitingBytes,
    min: 1_000_000,
    doc: 'The same in bytes of frame payloads',
  }),
  maxInlineDevices: int({
    env: 'DELIVERY_MAX_INLINE_DEVICES',
    default: DEFAULT_POLICY.maxInlineDevices,
    min: 1,
    max: 1000,
    doc: 'Devices of a conversation that get a message in the transaction that stores it; of more, by the fan-out afterwards',
  }),
  fanoutConcurrency: int({
    env: 'DELIVERY_FANOUT_CONCURRENCY',
    default: 2,
    min: 1,
    max: 32,
    doc: 'Large groups that one process delivers at once, each on a connection of its own to Postgres',
  }),
  messagesPerEpoch: int({
    env: 'DELIVERY_MESSAGES_PER_EPOCH',
    default: DEFAULT_POLICY.messagesPerEpoch,
    min: 1,
    max: 1_000_000,
    doc: 'Messages of a conversation until its clients have to change the keys; a load test may raise it',
  }),
});

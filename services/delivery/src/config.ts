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
    doc: 'Event-loop utilization in percent above which another delivery process takes part; until then the rest stand by, which costs less. 0: all processes share the load evenly, so the death of one delays only its own share',
  }),
  syncConcurrency: int({
    env: 'DELIVERY_SYNC_CONCURRENCY',
    default: 16,
    min: 1,
    max: 1000,
    doc: 'Mailbox pages that one process reads from Postgres concurrently',
  }),
  receiptLingerMs: durationMs({
    env: 'DELIVERY_RECEIPT_LINGER_MS',
    default: 300,
    min: 0,
    doc: 'How long receipts of a conversation are collected before they are sent as one',
  }),
  retentionDays: int({
    env: 'DELIVERY_RETENTION_DAYS',
    default: DEFAULT_POLICY.retentionDays,
    // message ids are remembered for four days
    min: 5,
    max: 3650,
    doc: 'Whole days a message is kept for devices that do not fetch it; then it is dropped',
  }),
  maxWaitingMessages: int({
    env: 'DELIVERY_MAX_WAITING_MESSAGES',
    default: DEFAULT_POLICY.maxWaitingMessages,
    min: 100,
    max: 1_000_000,
    doc: 'Messages that may wait for one device; above this, the conversation with the most is cut',
  }),
  maxWaitingBytes: bytes({
    env: 'DELIVERY_MAX_WAITING_BYTES',
    default: DEFAULT_POLICY.maxWaitingBytes,
    min: 1_000_000,
    doc: 'The same limit in bytes of frame payloads',
  }),
  maxInlineDevices: int({
    env: 'DELIVERY_MAX_INLINE_DEVICES',
    default: DEFAULT_POLICY.maxInlineDevices,
    min: 1,
    max: 1000,
    doc: "Up to this many devices, a conversation's messages are delivered in the transaction that stores them; above it, by the fan-out afterwards",
  }),
  fanoutConcurrency: int({
    env: 'DELIVERY_FANOUT_CONCURRENCY',
    default: 2,
    min: 1,
    max: 32,
    doc: 'Large groups that one process fans out concurrently, each on its own Postgres connection',
  }),
  messagesPerEpoch: int({
    env: 'DELIVERY_MESSAGES_PER_EPOCH',
    default: DEFAULT_POLICY.messagesPerEpoch,
    min: 1,
    max: 1_000_000,
    doc: 'Messages of a conversation after which its clients must rotate the keys; a load test may raise it',
  }),
});

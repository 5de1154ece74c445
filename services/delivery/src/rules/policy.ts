import { MAX_EPOCH_MESSAGES } from '@securechat/protocol';

/** What an operator may configure: how long and how much is kept, and how much is done at once. */
export type Policy = {
  retentionDays: number;
  /** What may wait for one device before the conversation that fills its mailbox is cut. */
  maxWaitingMessages: number;
  maxWaitingBytes: number;
  /** Up to this many devices, pointers are written with the message; above it, by the fan-out afterwards. */
  maxInlineDevices: number;
  /** Application messages per epoch. */
  messagesPerEpoch: number;
};

/** 100 MB is decimal and counts the senders' frame payloads. */
export const DEFAULT_POLICY: Policy = {
  retentionDays: 30,
  maxWaitingMessages: 10_000,
  maxWaitingBytes: 100_000_000,
  maxInlineDevices: 64,
  messagesPerEpoch: MAX_EPOCH_MESSAGES,
};

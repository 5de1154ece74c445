import {
  CONVERSATION_WINDOW_MS,
  GROUP_WINDOW_MS,
  type LimitsInForce,
  messageCount,
} from '@securechat/directory';
import type { ConfigOf } from '@securechat/kernel';
import { MAX_BLOCKED_USERS, MAX_CHAT_BYTES, UNACKED_WINDOW } from '@securechat/protocol';
import { options } from '../config.ts';
import { seedLimits } from './table.ts';

/** The limits that this gateway enforces, as operators see them (`GET /v1/admin/limits`). */
export function limitsInForce(config: ConfigOf<typeof options>): LimitsInForce {
  const count = { unit: 'count', windowMs: 0 } as const;
  return {
    messages: {
      ...count,
      most: config.messagesPerMinute,
      per: 'user',
      windowMs: messageCount.windowMs,
      option: options.messagesPerMinute.env,
    },
    group_operations: {
      ...count,
      most: config.groupOperationsPerMinute,
      per: 'user',
      windowMs: GROUP_WINDOW_MS,
      option: options.groupOperationsPerMinute.env,
    },
    group_commits: {
      ...count,
      most: config.groupCommitsPerMinute,
      per: 'user',
      windowMs: GROUP_WINDOW_MS,
      option: options.groupCommitsPerMinute.env,
    },
    conversations: {
      ...count,
      most: config.conversationsPerDay,
      per: 'user',
      windowMs: CONVERSATION_WINDOW_MS,
      option: options.conversationsPerDay.env,
    },
    connections: {
      ...count,
      most: config.connectionsPerUser,
      per: 'user',
      option: options.connectionsPerUser.env,
    },
    address_connections: {
      ...count,
      most: config.connectionsPerAddress,
      per: 'address',
      option: options.connectionsPerAddress.env,
    },
    global_messages: {
      ...count,
      most: config.globalMessagesPerSecond,
      per: 'deployment',
      windowMs: seedLimits.globalMessages.windowMs,
      option: options.globalMessagesPerSecond.env,
    },
    bandwidth: {
      most: config.bandwidthPerMinute,
      unit: 'bytes',
      per: 'process',
      windowMs: seedLimits.bandwidth.windowMs,
      option: options.bandwidthPerMinute.env,
    },
    file_bytes: {
      most: config.fileBytesPerMinute,
      unit: 'bytes',
      per: 'user',
      windowMs: seedLimits.fileBytes.windowMs,
      option: options.fileBytesPerMinute.env,
    },
  };
}

/** The subset of these, and of the protocol's limits, that concerns clients; announced in `server_hello`. */
export function limitsForClients(config: ConfigOf<typeof options>): Record<string, number> {
  return {
    messages_per_minute: config.messagesPerMinute,
    group_operations_per_minute: config.groupOperationsPerMinute,
    group_commits_per_minute: config.groupCommitsPerMinute,
    conversations_per_day: config.conversationsPerDay,
    connections_per_user: config.connectionsPerUser,
    blocked_users: MAX_BLOCKED_USERS,
    unacked_window: UNACKED_WINDOW,
    max_chat_bytes: MAX_CHAT_BYTES,
    file_bytes_per_minute: config.fileBytesPerMinute,
  };
}

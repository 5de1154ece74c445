import { decodeBase64 } from '@securechat/protocol';
import type { Message, MessageBody, MessageStatus } from '../../api/index.ts';
import { lookUp } from '../../look-up.ts';
import type { ConversationRecord } from '../record.ts';
import { type Entry, type EntryBody, MAX_ASKED } from './entry.ts';

/** A line as apps see it. `isSent`: written to a connection, not yet answered. */
export function messageOf(
  record: ConversationRecord,
  entry: Entry,
  ownUserId: string,
  isSent: boolean,
): Message {
  const { body, reactions = {}, expiresAt, changed: _, ...rest } = entry;
  const isOwn = entry.from === ownUserId;
  return {
    ...rest,
    conversationId: record.id,
    isOwn,
    body: bodyOf(body),
    reactions: byEmoji(reactions),
    ...(expiresAt === undefined ? {} : { expiresAtMs: expiresAt * 1000 }),
    ...(isOwn && (body.type === 'text' || body.type === 'file')
      ? { status: statusOf(record, entry, ownUserId, isSent) }
      : {}),
  };
}

function statusOf(
  record: ConversationRecord,
  entry: Entry,
  ownUserId: string,
  isSent: boolean,
): MessageStatus {
  if (entry.failure !== undefined) return 'failed';
  const { place } = entry;
  if (place === undefined) return isSent ? 'sent' : 'queued';
  const others = Object.keys(record.log.roles).filter((user) => user !== ownUserId);
  if (others.length === 0) return 'stored';
  if (others.every((user) => (lookUp(record.marks, user)?.readThrough ?? 0) >= place)) return 'read';
  return others.every((user) => (lookUp(record.marks, user)?.deliveredThrough ?? 0) >= place)
    ? 'delivered'
    : 'stored';
}

function bodyOf(body: EntryBody): MessageBody {
  switch (body.type) {
    case 'text': {
      const { preview, ...rest } = body;
      if (!preview) return rest;
      const { image, ...link } = preview;
      return {
        ...rest,
        preview: { ...link, ...(image === undefined ? {} : { image: decodeBase64(image) }) },
      };
    }
    case 'missing': {
      const { reason, count, asked } = body;
      return { type: 'missing', reason, count, isRepairing: asked !== undefined && asked <= MAX_ASKED };
    }
    case 'file':
    case 'deleted':
    case 'notice':
    case 'unknown':
      return body;
  }
}

function byEmoji(reactions: Readonly<Record<string, string>>): Record<string, string[]> {
  // a reaction is text from strangers: `constructor` would be one, too
  const found = new Map<string, string[]>();
  for (const [user, emoji] of Object.entries(reactions))
    found.set(emoji, [...(found.get(emoji) ?? []), user]);
  return Object.fromEntries(found);
}

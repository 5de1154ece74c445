import type { Conversation, Message, MessageBody, MessageStatus, Notice } from '@securechat/client';
import { sizeText } from './files/progress-bar.ts';
import type { Line } from './json-lines.ts';

/** A conversation's title for people. Names chosen by others are unsafe for a terminal: print them through `Output`. */
export function titleOf(chat: Pick<Conversation, 'kind' | 'name' | 'peer' | 'memberIds'>): string {
  if (chat.kind === 'direct') return chat.peer ?? '(nobody)';
  return chat.name === '' ? `(${chat.memberIds.join(', ')})` : chat.name;
}

/** The delivery status of an own message. */
export const ticks: Readonly<Record<MessageStatus, string>> = {
  queued: '…',
  sent: '→',
  stored: '✓',
  delivered: '✓✓',
  read: '✓✓ read',
  failed: '✗ failed',
};

export function bodyText({ body, from }: Pick<Message, 'body' | 'from'>): string {
  switch (body.type) {
    case 'text':
      return body.preview ? `${body.text} [${body.preview.title}: ${body.preview.url}]` : body.text;
    case 'file':
      return `(file: ${body.name}, ${sizeText(body.size)})`;
    case 'deleted':
      return '(deleted)';
    case 'notice':
      return noticeText(body.notice, from);
    case 'missing':
      return missingText(body);
    case 'unknown':
      return `(something this version cannot show: ${body.contentType})`;
  }
}

function noticeText(notice: Notice, from: string): string {
  switch (notice.type) {
    case 'created':
      return `started this with ${notice.users.filter((user) => user !== from).join(', ')}`;
    case 'added':
    case 'removed':
      return `${notice.type} ${notice.users.join(', ')}`;
    case 'left':
      return 'left';
    case 'renamed':
      return `named this "${notice.name}"`;
    case 'role':
      return `made ${notice.users.join(', ')} ${notice.role}`;
    case 'restarted':
      return 'started this over with new keys';
    case 'devices':
      return `devices changed: ${notice.added.length} more, ${notice.removed.length} fewer`;
  }
}

const missing = {
  undecryptable: 'could not be decrypted',
  truncated: 'were dropped by the server: too much was waiting',
  gap: 'are missing',
} as const;

function missingText({ reason, count, isRepairing }: Extract<MessageBody, { type: 'missing' }>): string {
  return `(${count} ${missing[reason]}${isRepairing ? '; asked for again' : ''})`;
}

/** 60 digits as people read them aloud. */
export function groupsOfFive(digits: string): string {
  const groups = digits.replace(/\D/g, '').match(/.{1,5}/g) ?? [];
  return [groups.slice(0, 6).join(' '), groups.slice(6).join(' ')].join('\n');
}

export function clock(ms: number): string {
  const at = new Date(ms);
  return [at.getHours(), at.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** A message apart from its conversation, with day and place. */
export function foundLine(chat: Conversation, message: Message): string {
  const at = new Date(message.sentAtMs);
  const day = [at.getFullYear(), at.getMonth() + 1, at.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-');
  return `${day} ${clock(message.sentAtMs)} [${titleOf(chat)}] ${message.from}: ${bodyText(message)}`;
}

/** `from` is absent for a group. */
export const requestText = (from: string | undefined): string =>
  from === undefined ? 'somebody has added you to a group' : `${from} would like to chat`;

/** An event as text for a person; undefined if only scripts need it. */
export function sentence(line: Line): string | undefined {
  switch (line.type) {
    case 'message': {
      const message = line as unknown as Message & { name?: string };
      const { sentAtMs, from, name } = message;
      return `${clock(sentAtMs)} ${name === undefined ? '' : `[${name}] `}${from}: ${bodyText(message)}`;
    }
    case 'state':
      return `-- ${line.state}`;
    case 'request':
      return `-- ${requestText(line.from as string | undefined)} (${line.conversation})`;
    case 'alarm':
      return `!! ${line.alarm}: ${line.userId ?? ''} ${line.detail}`;
    default:
      return undefined;
  }
}

export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

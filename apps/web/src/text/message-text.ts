import type { Message, MissingReason, Notice } from '@securechat/client';
import { shownName } from './file-names.ts';
import { withoutMarks } from './markdown.ts';

type NameOf = (userId: string) => string;

/** One line of plain text, for the list, quotes and screen readers. */
export function messageLine(message: Message, nameOf: NameOf): string {
  const { body } = message;
  switch (body.type) {
    case 'text':
      return oneLine(body.format === 'markdown' ? withoutMarks(body.text) : body.text);
    case 'file':
      return `File: ${shownName(body.name)}`;
    case 'deleted':
      return 'Message deleted';
    case 'notice':
      return noticeText(message.from, body.notice, nameOf);
    case 'missing':
      return missingText(body.reason, body.count);
    case 'unknown':
      return 'A message that this version cannot show';
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

export function noticeText(from: string, notice: Notice, nameOf: NameOf): string {
  const who = nameOf(from);
  // in the middle of a sentence
  const whom = (users: readonly string[]) => names(users, (userId) => nameOf(userId).replace(/^You$/, 'you'));
  switch (notice.type) {
    case 'created':
      return `${who} started the conversation`;
    case 'added':
      return `${who} added ${whom(notice.users)}`;
    case 'removed':
      return `${who} removed ${whom(notice.users)}`;
    case 'left':
      return `${who} left`;
    case 'renamed':
      return notice.name === '' ? `${who} removed the name` : `${who} named the group “${notice.name}”`;
    case 'role':
      return `${who} made ${whom(notice.users)} ${notice.role === 'member' ? 'a member' : `an ${notice.role}`}`;
    case 'restarted':
      return `${who} started over with new keys`;
    case 'devices':
      return devicesText(who, notice.added.length, notice.removed.length);
  }
}

function devicesText(who: string, added: number, removed: number): string {
  const parts = [
    ...(added > 0 ? [`added ${count(added, 'device')}`] : []),
    ...(removed > 0 ? [`removed ${count(removed, 'device')}`] : []),
  ];
  return `${who} ${parts.join(' and ') || 'changed devices'}`;
}

export function missingText(reason: MissingReason, missing: number): string {
  const what = count(missing, 'message');
  switch (reason) {
    case 'undecryptable':
      return `${what} could not be decrypted`;
    case 'truncated':
      return `The server dropped ${what}: too much was waiting for this device`;
    case 'gap':
      return `${what} did not arrive`;
  }
}

export function names(userIds: readonly string[], nameOf: NameOf): string {
  const all = userIds.map(nameOf);
  if (all.length <= 1) return all[0] ?? 'nobody';
  return `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

export function count(number: number, singular: string, plural = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plural}`;
}

import type { Client } from '@securechat/client';
import type { News } from '@securechat/client/push';
import { toHash } from '../session/routes.ts';
import { count, messageLine } from '../text/message-text.ts';
import { namesOf } from '../text/names.ts';

/** A notification. A newer one with the same tag replaces it. */
export type Note = { title: string; body: string; tag: string; hash: string };

/** Fallback: browsers demand a notification for each wake. */
export const SOMETHING: Note = {
  title: 'SecureChat',
  body: 'There may be new messages',
  tag: 'something',
  hash: toHash({ page: 'list' }),
};

/** Systems truncate longer texts at different lengths. */
const MAX_BODY = 240;

/** Strangers' messages and profile names are not shown. */
export function notesOf(client: Pick<Client, 'me' | 'profile'>, news: readonly News[]): Note[] {
  const { nameOf, titleOf } = namesOf(client);
  return news
    .filter(({ conversation }) => !conversation.isMuted && !conversation.isBlocked)
    .map(({ conversation, message, count: number }) => {
      const { id, isRequest, kind } = conversation;
      const place = { tag: `conversation:${id}`, hash: toHash({ page: 'conversation', id }) };
      if (isRequest)
        return { ...place, title: 'SecureChat', body: 'Somebody whom you do not know has written' };
      const by = kind === 'group' ? `${nameOf(message.from)}: ` : '';
      const more = number > 1 ? ` (${count(number, 'new message')})` : '';
      return {
        ...place,
        title: titleOf(conversation) + more,
        body: shorten(by + messageLine(message, nameOf)),
      };
    });
}

function shorten(text: string): string {
  const letters = [...text];
  return letters.length <= MAX_BODY ? text : `${letters.slice(0, MAX_BODY - 1).join('')}…`;
}

import type { Conversation } from '@securechat/client';
import type { ReactElement } from 'react';
import { titleOf } from '../words.ts';
import { box, line } from './element.ts';
import type { Snapshot } from './snapshot.ts';

type Props = { shown: Snapshot; columns: number; rows: number };

export function ConversationList({ shown, columns, rows }: Props): ReactElement {
  const { conversations, open } = shown;
  const at = conversations.findIndex(({ id }) => id === open?.id);
  const first = Math.max(0, Math.min(at - Math.floor(rows / 2), conversations.length - rows));
  const visible = conversations.slice(first, first + rows);
  return box(
    { flexDirection: 'column', width: columns, flexShrink: 0, paddingRight: 1, overflow: 'hidden' },
    ...visible.map((chat) =>
      box(
        { key: chat.id, height: 1, flexShrink: 0 },
        line(
          {
            inverse: chat.id === open?.id,
            bold: chat.unread > 0,
            dimColor: !chat.isMember,
            wrap: 'truncate-end',
          },
          rowOf(chat),
        ),
      ),
    ),
    conversations.length === 0 ? line({ dimColor: true }, 'Nobody yet: /new USER') : null,
  );
}

/** The most urgent mark comes first, where a narrow list does not cut it off. */
function rowOf(chat: Conversation): string {
  const mark = chat.isRequest ? '? ' : chat.isBlocked ? '– ' : chat.kind === 'group' ? '# ' : '  ';
  const unread = chat.unread > 0 ? `(${chat.unread}) ` : '';
  return `${mark}${unread}${titleOf(chat)}${chat.isMuted ? ' (muted)' : ''}`;
}

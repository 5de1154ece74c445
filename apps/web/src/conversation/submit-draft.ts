import type { Content, Conversation, SendOptions } from '@securechat/client';
import { mentionsIn } from '../text/mentions.ts';
import type { Draft } from './draft.ts';

/** Where something goes: into a thread or not, and for how long. */
export type Going = { threadId: string | undefined; expiresInMs: number | undefined };

/** How that which is said with this draft is sent. */
export function howToSend(draft: Draft, { threadId, expiresInMs }: Going): SendOptions {
  return {
    ...(draft.kind === 'reply' && { replyTo: draft.message.id }),
    ...(threadId !== undefined && { threadId }),
    ...(expiresInMs !== undefined && { expiresInMs }),
  };
}

/** Resolves when it is durable on this device, whether there is a connection or not. */
export async function submitDraft(
  conversation: Conversation,
  draft: Draft,
  text: string,
  { isMarkdown, ...going }: Going & { isMarkdown: boolean },
): Promise<void> {
  const content: Content = {
    text,
    format: isMarkdown ? 'markdown' : 'plain',
    mentions: mentionsIn(text, conversation.memberIds),
  };
  if (draft.kind === 'edit') return conversation.edit(draft.message.id, content);
  await conversation.send(content, howToSend(draft, going));
}

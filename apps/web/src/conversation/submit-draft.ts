import type { Content, Conversation, SendOptions } from '@securechat/client';
import { mentionsIn } from '../text/mentions.ts';
import type { Draft } from './draft.ts';

/** Where a message goes, in a thread or not, and its expiry. */
export type Going = { threadId: string | undefined; expiresInMs: number | undefined };

/** The send options for this draft. */
export function howToSend(draft: Draft, { threadId, expiresInMs }: Going): SendOptions {
  return {
    ...(draft.kind === 'reply' && { replyTo: draft.message.id }),
    ...(threadId !== undefined && { threadId }),
    ...(expiresInMs !== undefined && { expiresInMs }),
  };
}

/** Resolves when it is durable on this device, with or without a connection. */
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

import type { Content, Conversation } from '@securechat/client';
import { mentionsIn } from '../text/mentions.ts';
import type { Draft } from './draft.ts';

type How = { threadId: string | undefined; isMarkdown: boolean; expiresInMs: number | undefined };

/** Resolves when it is durable on this device, whether there is a connection or not. */
export async function submitDraft(
  conversation: Conversation,
  draft: Draft,
  text: string,
  { threadId, isMarkdown, expiresInMs }: How,
): Promise<void> {
  const content: Content = {
    text,
    format: isMarkdown ? 'markdown' : 'plain',
    mentions: mentionsIn(text, conversation.memberIds),
  };
  if (draft.kind === 'edit') return conversation.edit(draft.message.id, content);
  await conversation.send(content, {
    ...(draft.kind === 'reply' && { replyTo: draft.message.id }),
    ...(threadId !== undefined && { threadId }),
    ...(expiresInMs !== undefined && { expiresInMs }),
  });
}

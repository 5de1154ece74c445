import type { Conversation, Message } from '@securechat/client';
import { FileBodyView } from '../files/file-body.tsx';
import { LinkPreviewCard } from './link-preview.tsx';
import { MessageText } from './message-text.tsx';

type Properties = { conversation: Conversation; message: Message };

/** The content of a bubble. */
export function MessageBodyView({ conversation, message }: Properties) {
  const { body } = message;
  switch (body.type) {
    case 'text':
      return (
        <>
          <MessageText body={body} />
          {body.preview !== undefined && <LinkPreviewCard preview={body.preview} />}
        </>
      );
    case 'file':
      return <FileBodyView file={body} mayLoad={!conversation.isRequest} />;
    case 'deleted':
      return <p class="is-quiet">Message deleted</p>;
    default:
      return <p class="is-quiet">This version cannot show this message.</p>;
  }
}

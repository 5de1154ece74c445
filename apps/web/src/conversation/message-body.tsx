import type { Message } from '@securechat/client';
import { LinkPreviewCard } from './link-preview.tsx';
import { MessageText } from './message-text.tsx';

/** The inside of a bubble. */
export function MessageBodyView({ message }: { message: Message }) {
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
      return <p class="is-quiet">File: {body.name}</p>;
    case 'deleted':
      return <p class="is-quiet">Message deleted</p>;
    default:
      return <p class="is-quiet">This version cannot show this message.</p>;
  }
}

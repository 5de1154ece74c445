import type { MessageBody } from '@securechat/client';
import { useMemo } from 'preact/hooks';
import { toHash } from '../session/routes.ts';
import { useClient } from '../session/session.ts';
import { renderMarkdown } from '../text/markdown.ts';
import { cutAtMentions } from '../text/mentions.ts';

type Text = Extract<MessageBody, { type: 'text' }>;

/** The text of a message, with mentions linked to people. */
export function MessageText({ body }: { body: Text }) {
  const { me } = useClient();
  const shown = useMemo(() => {
    const showText = (text: string) => withMentions(text, body.mentions, me.userId);
    return body.format === 'markdown' ? renderMarkdown(body.text, showText) : showText(body.text);
  }, [body]);
  return <div class={`message-text is-${body.format}`}>{shown}</div>;
}

function withMentions(text: string, mentioned: readonly string[], ownId: string) {
  return cutAtMentions(text, mentioned).map((part) =>
    part.userId === undefined ? (
      part.text
    ) : (
      <a
        class={`mention ${part.userId === ownId ? 'is-me' : ''}`}
        href={toHash({ page: 'person', userId: part.userId })}
      >
        {part.text}
      </a>
    ),
  );
}

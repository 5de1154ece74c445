import { encodeBase64 } from '@securechat/protocol';
import type { LinkPreview, Content as Said } from '../api/index.ts';
import { readContent } from './bodies.ts';
import { BadContent, compact, object } from './shape.ts';
import type { Bodies, Content, ContentType, Preview, TextBody } from './types.ts';

/** A message as it is put into the ciphertext. Throws `BadContent` for anything that receivers would reject. */
export function textContent(said: string | Said): Content<'text/plain' | 'text/markdown'> {
  const { format } = typeof said === 'string' ? { format: undefined } : said;
  return checked(format === 'markdown' ? 'text/markdown' : 'text/plain', textBody(said));
}

export function editContent(
  messageId: string,
  said: string | Said,
): Content<'application/x-securechat-edit'> {
  const format = typeof said === 'string' ? 'plain' : (said.format ?? 'plain');
  return checked('application/x-securechat-edit', { messageId, format, ...textBody(said) });
}

/** Validates a content with the readers that receivers use. */
export function checked<T extends ContentType>(type: T, body: Bodies[T]): Content<T> {
  return readContent(object(JSON.parse(JSON.stringify({ type, body })), 'content')) as Content<T>;
}

/** Receivers would accept a blank text, but nobody means to send one. */
function textBody(said: string | Said): TextBody {
  const { text, mentions = [], preview }: Said = typeof said === 'string' ? { text: said } : said;
  if (!/\S/.test(text)) throw new BadContent('text is blank');
  return compact({ text, mentions: [...mentions], preview: preview && previewOf(preview) });
}

function previewOf({ image, ...rest }: LinkPreview): Preview {
  return compact({ ...rest, image: image === undefined ? undefined : encodeBase64(image) });
}

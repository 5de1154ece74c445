import { checked } from '../../content/outgoing.ts';
import type { Said as Line } from '../contents/text.ts';
import { CannotDo } from '../operations/built.ts';
import type { Entry } from '../timeline/entry.ts';

/** The content of a message, to be sent again in another form. */
export function lineOf(body: Entry['body']): Line {
  if (body.type === 'file') {
    const { type: _, ...file } = body;
    return checked('application/x-securechat-file', file);
  }
  if (body.type !== 'text') throw new CannotDo('this message has not failed');
  const { format, type: _, ...text } = body;
  return checked(format === 'markdown' ? 'text/markdown' : 'text/plain', text);
}

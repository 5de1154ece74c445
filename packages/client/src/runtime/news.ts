import { secret } from '../content/bodies.ts';
import { count, type Fields, id, text } from '../content/shape.ts';
import type { OwnNews } from '../content/types.ts';

/** Undefined for what a newer version tells. Throws `BadContent` for anything malformed. */
export function readNews(body: Fields): OwnNews | undefined {
  const { tell } = body;
  switch (tell) {
    case 'account':
      return { tell, accountSecret: secret(body, 'accountSecret') };
    case 'history':
      return {
        tell,
        transfer: id(body, 'transfer'),
        index: count(body, 'index'),
        left: count(body, 'left'),
        piece: text(body, 'piece', 30_000),
      };
    case 'link':
      return {
        tell,
        to: id(body, 'to'),
        hash: id(body, 'hash'),
        expiresAt: count(body, 'expiresAt'),
        left: count(body, 'left'),
      };
    case 'blocks':
      return { tell };
    default:
      return undefined;
  }
}

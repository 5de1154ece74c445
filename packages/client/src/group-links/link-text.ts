import { decodeBase64, encodeBase64Url } from '@securechat/protocol';
import { CodeNotReadable } from '../errors.ts';

/** The content of a link: docs/protocol.md, "Bans and links that invite". */
export type LinkText = {
  readonly conversationId: string;
  readonly inviter: string;
  /** Account key of the inviter, 32 bytes: the secret is sent to no other account. */
  readonly accountKey: Uint8Array;
  /** 32 bytes. */
  readonly secret: Uint8Array<ArrayBuffer>;
};

const PREFIX = 'securechat-invite:';
const VERSION_1 = /^1:([A-Za-z0-9_-]{1,64}):([A-Za-z0-9_-]{1,64}):([A-Za-z0-9_-]{43}):([A-Za-z0-9_-]{43})$/;

export function writeLink({ conversationId, inviter, accountKey, secret }: LinkText): string {
  return `${PREFIX}1:${conversationId}:${inviter}:${encodeBase64Url(accountKey)}:${encodeBase64Url(secret)}`;
}

/** Takes the link alone or after the `#` of a web address. Throws `CodeNotReadable` for anything else. */
export function readLink(text: string): LinkText {
  const link = text.trim().replace(/^https?:\/\/[^\s#]*#/, '');
  if (!link.startsWith(PREFIX)) throw new CodeNotReadable('garbled');
  const rest = link.slice(PREFIX.length);
  const [, conversationId = '', inviter = '', accountKey = '', secret = ''] = VERSION_1.exec(rest) ?? [];
  if (secret === '') throw new CodeNotReadable(/^(?:[2-9]|[1-9]\d+):/.test(rest) ? 'newer' : 'garbled');
  return { conversationId, inviter, accountKey: bytesOf(accountKey), secret: bytesOf(secret) };
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  try {
    return decodeBase64(`${text.replaceAll('-', '+').replaceAll('_', '/')}=`);
  } catch {
    throw new CodeNotReadable('garbled');
  }
}

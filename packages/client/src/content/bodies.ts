import { decodeBase64, isBase64 } from '@securechat/protocol';
import type { FileInfo } from '../api/content.ts';
import { isSafeLink } from './links.ts';
import {
  BadContent,
  compact,
  count,
  type Fields,
  id,
  idOf,
  list,
  object,
  oneOf,
  optionalId,
  optionalText,
  text,
} from './shape.ts';
import type { Bodies, Content, ContentType, OwnBody, Preview, TextBody, UnknownContent } from './types.ts';

/** What fits into the largest padding class along with the rest. */
const MAX_TEXT = 24_000;
const MAX_EMOJI = 32;
/** Characters of base64: an image of 16 KiB. */
const MAX_AVATAR = 22_000;
const MAX_PREVIEW_IMAGE = 11_000;
const MAX_MENTIONS = 100;
const MAX_FILE_NAME = 255;
const MAX_MIME_TYPE = 127;
const MAX_ASKED = 64;
const MAX_MEMBERS = 1_000;
const FORMATS = ['plain', 'markdown'] as const;

/** Parses the body of each type. Total: a type without a reader does not compile. */
const readers: { [T in ContentType]: (body: Fields) => Bodies[T] } = {
  'text/plain': readText,
  'text/markdown': readText,
  'application/x-securechat-edit': (body) => ({
    messageId: id(body, 'messageId'),
    format: oneOf(body, 'format', FORMATS),
    ...readText(body),
  }),
  'application/x-securechat-delete': (body) => ({ messageId: id(body, 'messageId') }),
  'application/x-securechat-reaction': (body) =>
    compact({ messageId: id(body, 'messageId'), emoji: optionalText(body, 'emoji', MAX_EMOJI) }),
  'application/x-securechat-file': readFile,
  'application/x-securechat-profile': (body) =>
    compact({
      displayName: optionalText(body, 'displayName', 128),
      statusText: optionalText(body, 'statusText', 512),
      avatar: optionalPicture(body, 'avatar', MAX_AVATAR),
      at: body.at === undefined ? undefined : count(body, 'at'),
    }),
  'application/x-securechat-dummy': () => ({}),
  'application/x-securechat-state': (body) => ({
    logHead: text(body, 'logHead', 44),
    owners: list(body, 'owners', MAX_MEMBERS, (value) => idOf(value, 'owner')),
    admins: list(body, 'admins', MAX_MEMBERS, (value) => idOf(value, 'admin')),
    groupName: text(body, 'groupName', 256),
    ...(body.deviceless === undefined
      ? {}
      : { deviceless: list(body, 'deviceless', MAX_MEMBERS, (value) => idOf(value, 'member')) }),
  }),
  'application/x-securechat-repair-request': (body) => ({
    userId: id(body, 'userId'),
    deviceId: id(body, 'deviceId'),
    clientSeqs: list(body, 'clientSeqs', MAX_ASKED, (value) => count({ value }, 'value')),
  }),
  'application/x-securechat-repair': (body) => {
    const content = body.content === undefined ? undefined : readContent(object(body.content, 'content'));
    if (content?.type === 'unknown' || content?.type === 'application/x-securechat-repair') {
      throw new BadContent('a repair of what cannot be repaired');
    }
    return compact({
      ...{ clientSeq: count(body, 'clientSeq'), sentAt: count(body, 'sentAt'), content },
      id: optionalId(body, 'id'),
      isRefused: body.isRefused === true ? true : undefined,
    });
  },
  'application/x-securechat-outside': (body) => ({
    conversationId: id(body, 'conversationId'),
    generation: count(body, 'generation'),
    epoch: count(body, 'epoch'),
  }),
  'application/x-securechat-join': (body) => ({
    conversationId: id(body, 'conversationId'),
    secret: secret(body, 'secret'),
  }),
  'application/x-securechat-join-refused': (body) => ({ conversationId: id(body, 'conversationId') }),
  'application/x-securechat-own': readOwn,
  'application/x-securechat-device-names': (body) => body,
};

export function readContent(fields: Fields): Content | UnknownContent {
  const type = text(fields, 'type', 64);
  if (!Object.hasOwn(readers, type)) return { type: 'unknown', contentType: type };
  return compact({
    type,
    body: readers[type as ContentType](object(fields.body, 'body')),
    replyTo: optionalId(fields, 'replyTo'),
    threadId: optionalId(fields, 'threadId'),
    expiresAt: fields.expiresAt === undefined ? undefined : count(fields, 'expiresAt'),
  }) as Content;
}

function readText(body: Fields): TextBody {
  return compact({
    text: text(body, 'text', MAX_TEXT),
    mentions: list(body, 'mentions', MAX_MENTIONS, (value) => idOf(value, 'mention')),
    preview: body.preview === undefined ? undefined : readPreview(object(body.preview, 'preview')),
  });
}

/** What it says about the file is verified against the file when that is downloaded. */
export function readFile(body: Fields): FileInfo {
  const chunkSize = count(body, 'chunkSize');
  if (chunkSize === 0) throw new BadContent('chunks of no size');
  return {
    fileId: id(body, 'fileId'),
    key: secret(body, 'key'),
    name: text(body, 'name', MAX_FILE_NAME),
    mimeType: text(body, 'mimeType', MAX_MIME_TYPE),
    size: count(body, 'size'),
    sha256: secret(body, 'sha256'),
    cipherSize: count(body, 'cipherSize'),
    chunkSize,
  };
}

function readPreview(fields: Fields): Preview {
  const url = text(fields, 'url', 2_048);
  if (!isSafeLink(url)) throw new BadContent('a preview of an unsafe link');
  return compact({
    url,
    title: text(fields, 'title', 256),
    description: optionalText(fields, 'description', 1_024),
    image: optionalPicture(fields, 'image', MAX_PREVIEW_IMAGE),
  });
}

/** Base64 of 32 bytes. */
export function secret(fields: Fields, name: string): string {
  const value = text(fields, name, 44);
  if (!isBase64(value) || decodeBase64(value).length !== 32) throw new BadContent(`${name} is no key`);
  return value;
}

function optionalPicture(fields: Fields, name: string, max: number): string | undefined {
  const picture = optionalText(fields, name, max);
  if (picture !== undefined && !isBase64(picture)) throw new BadContent(`${name} is no base64`);
  return picture;
}

function readOwn(body: Fields): OwnBody {
  const { tell } = body;
  switch (tell) {
    case 'read':
      return compact({
        tell,
        conversationId: id(body, 'conversationId'),
        threadId: optionalId(body, 'threadId'),
        place: count(body, 'place'),
      });
    case 'accepted':
      return { tell, conversationId: id(body, 'conversationId') };
    default:
      return body;
  }
}

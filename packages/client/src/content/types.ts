import type { FileInfo } from '../api/content.ts';
import type { Fields } from './shape.ts';

/**
 * What a ciphertext may contain, by its type on the wire. Receivers ignore types they do not know, so types may be added; the meaning of
 * an existing one never changes.
 */
export type Bodies = {
  'text/plain': TextBody;
  /** CommonMark without HTML. */
  'text/markdown': TextBody;
  'application/x-securechat-edit': { messageId: string; format: 'plain' | 'markdown' } & TextBody;
  'application/x-securechat-delete': { messageId: string };
  /** Without `emoji` the sender's reaction is removed. */
  'application/x-securechat-reaction': { messageId: string; emoji?: string };
  /** Absent fields are unset. `avatar`: base64. `at`: when it was said, in Unix ms; of two, the later one counts. */
  'application/x-securechat-profile': {
    displayName?: string;
    statusText?: string;
    avatar?: string;
    at?: number;
  };
  /** Where a file is and how to decrypt it. */
  'application/x-securechat-file': FileInfo;
  /** Empty, but indistinguishable from outside. */
  'application/x-securechat-dummy': Record<never, never>;
  /** Sent to a device by the one that added it: state it could not have seen. `logHead` is the operation that added it. */
  'application/x-securechat-state': {
    logHead: string;
    owners: string[];
    admins: string[];
    groupName: string;
    /** Members whose devices are all gone, so that the keys do not show them. Devices of earlier versions do not tell. */
    deviceless?: string[];
  };
  /** Asks the device that sent these messages to send them again. */
  'application/x-securechat-repair-request': { userId: string; deviceId: string; clientSeqs: number[] };
  /**
   * The answer: `content` is what message `clientSeq` of this device contained. Without it nothing is missing; or, with `isRefused`, it
   * stays missing because it is no longer stored or not everybody here may see it.
   */
  'application/x-securechat-repair': {
    clientSeq: number;
    sentAt: number;
    id?: string;
    content?: Content;
    isRefused?: true;
  };
  /** Asks every recipient to add the sending device again: it could not open the welcome that led to these keys. */
  'application/x-securechat-outside': { conversationId: string; generation: number; epoch: number };
  /** From the user of an invite link to its maker: asks to be added to the group. `secret`: base64 of 32 bytes. */
  'application/x-securechat-join': { conversationId: string; secret: string };
  /** The answer when the link is no longer valid. */
  'application/x-securechat-join-refused': { conversationId: string };
  /** Only between devices of one account. */
  'application/x-securechat-own': OwnBody;
  /** The same: what the sending device knows of their names. Read only when somebody looks at them (`runtime/device-names.ts`). */
  'application/x-securechat-device-names': Fields;
};

export type TextBody = { text: string; mentions: string[]; preview?: Preview };

/** `image`: base64. */
export type Preview = { url: string; title: string; description?: string; image?: string };

/** What devices of one account tell each other. News come seldom, and are read where they are taken (`runtime/news.ts`). */
export type OwnBody = OwnMark | Fields;

export type OwnMark =
  /** Read up to here, within a thread or outside all threads. */
  | { tell: 'read'; conversationId: string; threadId?: string; place: number }
  | { tell: 'accepted'; conversationId: string };

export type OwnNews =
  /** Base64 of the account's secret key: whoever holds it can link and revoke devices. */
  | { tell: 'account'; accountSecret: string }
  /** A piece of the history in base64; `left` more follow. */
  | { tell: 'history'; transfer: string; index: number; left: number; piece: string }
  /** A link into group `to`: SHA-256 of its secret in base64url, expiry (Unix seconds), and remaining uses; 0 when revoked. */
  | { tell: 'link'; to: string; hash: string; expiresAt: number; left: number }
  /** The list of blocked users has changed: ask the server for it. */
  | { tell: 'blocks' };

export type ContentType = keyof Bodies;

/** A content with the fields that any type may carry. */
export type Content<T extends ContentType = ContentType> = {
  [K in T]: {
    type: K;
    body: Bodies[K];
    replyTo?: string;
    threadId?: string;
    /** Unix seconds; repeats the envelope's value, which is signed. */
    expiresAt?: number;
  };
}[T];

/** From a newer version; `type` allows showing a placeholder. */
export type UnknownContent = { type: 'unknown'; contentType: string };

/** The plaintext of a message: a content, plus what binds it to its envelope and to what came before. */
export type Plain = {
  /** Both repeat the envelope, so that a ciphertext moved to another envelope is detected even where the keys fit. */
  id: string;
  from: string;
  content: Content | UnknownContent;
  /** Head of the operation log as the sender knew it; reveals when members were shown different logs. */
  logHead: string;
  /** `client_seq` of this device's newest earlier message without expiry; 0 if there is none. */
  lasting: number;
  /** Included now and then: what the sender was shown of the key log, as size, space, and 24 bytes of its root in base64. */
  keyLog?: string;
};

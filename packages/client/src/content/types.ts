/**
 * What may stand inside the ciphertext, by its type on the wire. A receiver shows or does what it knows and passes over the
 * rest, so a type may be added; the meaning of one never changes.
 */
export type Bodies = {
  'text/plain': TextBody;
  /** CommonMark without HTML. */
  'text/markdown': TextBody;
  'application/x-securechat-edit': { messageId: string; format: 'plain' | 'markdown' } & TextBody;
  'application/x-securechat-delete': { messageId: string };
  /** Without `emoji` the sender's reaction is taken back. */
  'application/x-securechat-reaction': { messageId: string; emoji?: string };
  /** What is absent is unset. `avatar`: base64. */
  'application/x-securechat-profile': { displayName?: string; statusText?: string; avatar?: string };
  /** Where a file is, and how to open it. */
  'application/x-securechat-file': FileBody;
  /** Says nothing, looks like everything else. */
  'application/x-securechat-dummy': Record<never, never>;
  /** From who brought in a device, to it: what it could not see happen. `logHead` is the operation that brought it in. */
  'application/x-securechat-state': {
    logHead: string;
    owners: string[];
    admins: string[];
    groupName: string;
  };
  /** Asks the sending device of these messages for them once more. */
  'application/x-securechat-repair-request': { userId: string; deviceId: string; clientSeqs: number[] };
  /**
   * The answer: `content` is what the message `clientSeq` of this device held; without it there is nothing that anybody misses, or
   * with `isRefused` it stays missing: it is not known any more, or not for all who are here.
   */
  'application/x-securechat-repair': {
    clientSeq: number;
    sentAt: number;
    id?: string;
    content?: Content;
    isRefused?: true;
  };
  /** Asks whom it reaches to let the sending device in again: the welcome that led to these keys could not be opened. */
  'application/x-securechat-outside': { conversationId: string; generation: number; epoch: number };
  /** From who was given a link, to who made it: brings the sender into the group. `secret`: base64 of 32 bytes. */
  'application/x-securechat-join': { conversationId: string; secret: string };
  /** The answer when the link is good no more. */
  'application/x-securechat-join-refused': { conversationId: string };
  /** Among the own devices only. */
  'application/x-securechat-own': OwnBody;
};

export type TextBody = { text: string; mentions: string[]; preview?: Preview };

/**
 * `key` (32 bytes) and `sha256` of the content are base64. `size`: bytes of the content; behind it zeros may follow, so that
 * the ciphertext tells the size in steps only. `cipherSize` and `chunkSize`: as the server keeps it.
 */
export type FileBody = {
  fileId: string;
  key: string;
  name: string;
  mimeType: string;
  size: number;
  sha256: string;
  cipherSize: number;
  chunkSize: number;
};

/** `image`: base64. */
export type Preview = { url: string; title: string; description?: string; image?: string };

/** What devices of one account tell each other. */
export type OwnBody =
  /** Base64 of the account's secret key: whoever holds it can link and revoke. */
  | { tell: 'account'; accountSecret: string }
  /** A piece of the history, base64; `left` more follow. */
  | { tell: 'history'; transfer: string; index: number; left: number; piece: string }
  /** Read up to here, in a thread or outside of any. */
  | { tell: 'read'; conversationId: string; threadId?: string; place: number }
  | { tell: 'accepted'; conversationId: string }
  /** A link into the group `to`: SHA-256 of its secret in base64url, until when (Unix seconds), and for how many; 0 when it was taken back. */
  | { tell: 'link'; to: string; hash: string; expiresAt: number; left: number };

export type ContentType = keyof Bodies;

/** One content with what any may carry. */
export type Content<T extends ContentType = ContentType> = {
  [K in T]: {
    type: K;
    body: Bodies[K];
    replyTo?: string;
    threadId?: string;
    /** Unix seconds; the same as in the envelope, where it is signed. */
    expiresAt?: number;
  };
}[T];

/** Of a newer version; `type` is for showing that something is there. */
export type UnknownContent = { type: 'unknown'; contentType: string };

/** The plaintext of a message: a content and what binds it to its envelope and to what came before. */
export type Plain = {
  /** Both as in the envelope: a ciphertext in another envelope is noticed without looking at keys. */
  id: string;
  from: string;
  content: Content | UnknownContent;
  /** Head of the log of operations that the sender knew; members who were shown different logs notice. */
  logHead: string;
  /** `client_seq` of the newest earlier message of this device that does not expire, 0 when there is none. */
  lasting: number;
  /** What its sender was shown of the log of device lists, now and then: its size, a space, 24 bytes of its root in base64. */
  keyLog?: string;
};

/** What a person wants to say. Everything in it is encrypted; the server learns the size class and nothing else. */
export type Content = {
  text: string;
  /** `markdown`: CommonMark without HTML; only `https:`, `http:` and `mailto:` links. Default `plain`. */
  format?: 'plain' | 'markdown';
  /** User ids whom the text names; they may be notified louder. */
  mentions?: readonly string[];
  /** Made by the sender: receivers fetch nothing. */
  preview?: LinkPreview;
};

/** At most 2 KiB of text; `image` is a small JPEG, PNG or WebP of at most 8 KiB. */
export type LinkPreview = { url: string; title: string; description?: string; image?: Uint8Array };

export type SendOptions = {
  /** Id of the message that is answered. */
  replyTo?: string;
  /** Id of the message that the thread hangs on; the thread has a read mark of its own. */
  threadId?: string;
  /** The message vanishes everywhere this long after it was sent. At least 1,000. */
  expiresInMs?: number;
};

/**
 * Of an own message. `queued`: durable on this device. `sent`: handed to a connection. `stored`: the server has it.
 * `delivered`, `read`: every other member has it or has read it; who exactly is in `members()`. `failed`: see `failure`.
 */
export type MessageStatus = 'queued' | 'sent' | 'stored' | 'delivered' | 'read' | 'failed';

/** What stands in a conversation, in its order; own messages that are not stored yet stand at its end. */
export type Message = {
  /** Of the sender's device; unique within the conversation. */
  readonly id: string;
  readonly conversationId: string;
  readonly from: string;
  readonly deviceId: string;
  readonly isOwn: boolean;
  /** The sender's clock, in ms. */
  readonly sentAtMs: number;
  /** Place in the conversation, the same for everybody; absent until the server has stored an own message, or has brought one that is `isEarly`. */
  readonly place?: number;
  /** It came directly from its sender; the server's copy, which counts, has not come yet. */
  readonly isEarly?: true;
  readonly body: MessageBody;
  readonly replyTo?: string;
  readonly threadId?: string;
  /** When it was edited last. */
  readonly editedAtMs?: number;
  /** Emoji to the users who chose it. */
  readonly reactions: Readonly<Record<string, readonly string[]>>;
  readonly expiresAtMs?: number;
  /** Of own messages only. */
  readonly status?: MessageStatus;
  /** Why an own message has `failed`: the name of the error, e.g. `PERMISSION_DENIED`. */
  readonly failure?: string;
};

export type MessageBody =
  | ({ readonly type: 'text' } & Readonly<Required<Pick<Content, 'text' | 'format' | 'mentions'>>> &
      Pick<Content, 'preview'>)
  /** At the server, encrypted; `openFiles` of the part `files` receives it. */
  | ({ readonly type: 'file' } & Readonly<FileInfo>)
  /** Deleted for everyone. */
  | { readonly type: 'deleted' }
  | { readonly type: 'notice'; readonly notice: Notice }
  /** Something should stand here and cannot be shown. `isRepairing`: its sender has been asked for it. */
  | {
      readonly type: 'missing';
      readonly reason: MissingReason;
      readonly count: number;
      readonly isRepairing: boolean;
    }
  /** Of a newer version of the SDK. */
  | { readonly type: 'unknown'; readonly contentType: string };

/** Where a file is and how to open it. `key` and `sha256` (of the content) are base64; sizes are bytes. */
export type FileInfo = {
  fileId: string;
  key: string;
  name: string;
  mimeType: string;
  size: number;
  sha256: string;
  cipherSize: number;
  chunkSize: number;
};

export type MissingReason =
  /** It could not be decrypted. */
  | 'undecryptable'
  /** The server dropped it, because too much waited for this device. */
  | 'truncated'
  /** Places of the conversation were left out. */
  | 'gap';

export type Role = 'owner' | 'admin' | 'member';

/** What happened to the conversation; signed by who did it (`from` of the message). */
export type Notice =
  | { type: 'created'; users: readonly string[] }
  | { type: 'added' | 'removed'; users: readonly string[] }
  | { type: 'left' }
  | { type: 'renamed'; name: string }
  | { type: 'role'; users: readonly string[]; role: Role }
  /** Keys were made anew from nothing. */
  | { type: 'restarted' }
  /** Devices of members came or went. */
  | { type: 'devices'; added: readonly string[]; removed: readonly string[] };

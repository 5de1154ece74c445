/** A message to send. All of it is encrypted; of the content the server learns only the size class. */
export type Content = {
  /** Not blank, at most 24,000 UTF-16 units. */
  text: string;
  /** `markdown`: CommonMark without HTML; only `https:`, `http:` and `mailto:` links. Default `plain`. */
  format?: 'plain' | 'markdown';
  /** Ids of users the text mentions, at most 100; their apps may notify more prominently. */
  mentions?: readonly string[];
  /** Made by the sender, so that receivers fetch nothing. */
  preview?: LinkPreview;
};

/** In UTF-16 units `url` has at most 2,048, `title` 256, `description` 1,024. `image`: a JPEG, PNG or WebP of at most 8 KiB. */
export type LinkPreview = { url: string; title: string; description?: string; image?: Uint8Array };

export type SendOptions = {
  /** Id of the message this one replies to. */
  replyTo?: string;
  /** Id of the message at the root of the thread. A thread has its own read mark. */
  threadId?: string;
  /** The message disappears from all devices this long after `send`. At least 1,000, else `RangeError`. */
  expiresInMs?: number;
};

/**
 * Of an own message. `queued`: durable on this device. `sent`: written to a connection. `stored`: the server has it. `delivered`,
 * `read`: all other members have received or read it; `members()` says how far each is. `failed`: see `failure`; `retry` sends it again.
 */
export type MessageStatus = 'queued' | 'sent' | 'stored' | 'delivered' | 'read' | 'failed';

/** An entry of a conversation, in the order of the conversation; own messages not stored yet come last. */
export type Message = {
  /** Chosen by the sender's device; unique within the conversation. */
  readonly id: string;
  readonly conversationId: string;
  readonly from: string;
  readonly deviceId: string;
  readonly isOwn: boolean;
  /** Unix time in ms, by the sender's clock. */
  readonly sentAtMs: number;
  /** Position in the conversation, the same for all members. Absent while an own message is not stored, or a received one `isEarly`. */
  readonly place?: number;
  /** Received over a direct connection; the server's authoritative copy has not arrived yet. */
  readonly isEarly?: true;
  readonly body: MessageBody;
  readonly replyTo?: string;
  readonly threadId?: string;
  /** Unix time in ms of the last edit, by the clock of its sender. */
  readonly editedAtMs?: number;
  /** From emoji to the ids of the users who chose it. */
  readonly reactions: Readonly<Record<string, readonly string[]>>;
  /** Unix time in ms. */
  readonly expiresAtMs?: number;
  /** Of own messages only. */
  readonly status?: MessageStatus;
  /** Why an own message `failed`: the protocol's or the SDK's name of the error, e.g. `PERMISSION_DENIED` or `CannotDo`. */
  readonly failure?: string;
};

export type MessageBody =
  | ({ readonly type: 'text' } & Readonly<Required<Pick<Content, 'text' | 'format' | 'mentions'>>> &
      Pick<Content, 'preview'>)
  /** Stored encrypted at the server; download it with `openFiles` of `@securechat/client/files`. */
  | ({ readonly type: 'file' } & Readonly<FileInfo>)
  /** Deleted for everyone. */
  | { readonly type: 'deleted' }
  | { readonly type: 'notice'; readonly notice: Notice }
  /** A placeholder for `count` messages that cannot be shown. `isRepairing`: the sender has been asked to send it again. */
  | {
      readonly type: 'missing';
      readonly reason: MissingReason;
      readonly count: number;
      readonly isRepairing: boolean;
    }
  /** Sent by a newer version of the SDK. */
  | { readonly type: 'unknown'; readonly contentType: string };

/**
 * Where a file is and how to decrypt it. `key` and `sha256` of the content are base64 of 32 bytes each. `size`: bytes of the content; zeros
 * may follow it as padding, so that the ciphertext reveals only a size class. `cipherSize` and `chunkSize`: bytes as stored by the server.
 */
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
  /** The server dropped it because too many messages were waiting for this device. */
  | 'truncated'
  /** Positions of the conversation are missing. */
  | 'gap';

export type Role = 'owner' | 'admin' | 'member';

/** A change of the conversation, signed by the user who made it (`from` of the message). */
export type Notice =
  | { type: 'created'; users: readonly string[] }
  | { type: 'added' | 'removed'; users: readonly string[] }
  | { type: 'left' }
  | { type: 'renamed'; name: string }
  | { type: 'role'; users: readonly string[]; role: Role }
  /** The conversation was started over with new keys; see `Conversation.restart`. */
  | { type: 'restarted' }
  /** Devices of members were added or removed. */
  | { type: 'devices'; added: readonly string[]; removed: readonly string[] };

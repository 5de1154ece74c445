import type { Downstream, Upstream } from '../catalog.ts';
import type { ErrorDetail, ErrorName } from '../errors.ts';
import type { SignedDeviceList } from '../messages/device_list.ts';
import type { KeyBundle } from '../messages/key_bundle.ts';
import type { KeyLogHead } from '../messages/key_log.ts';
import type { PresenceStatus } from '../messages/presence.ts';
import type { LastSeenPrecision, StatusAudience } from '../messages/presence_privacy.ts';
import type { GatewayCertificate, Handover } from '../messages/server_hello.ts';
import type { KeyCounts, SignalType, StoredType, WatermarkRecord } from './records.ts';

/** Requests to auth, by `kind`. Bodies are JSON. All are idempotent. */
export type AuthRequests = {
  /** A gateway's key, to be certified by the service key. The answer also has the keys that verify tickets. */
  certify: {
    ask: { server_id: string; public_key: string };
    answer: {
      certificate: GatewayCertificate;
      service_keys: ServiceKey[];
      /** For `server_hello`. Absent if auth is of an earlier release. */
      handovers?: Handover[];
    };
  };
  /** Is this key an active device of this user? `ok: false` stands for unknown user, wrong key and revoked device alike. */
  login: {
    ask: { user_id: string; device_id: string; public_key: string };
    answer:
      | { ok: false }
      | {
          ok: true;
          user: number;
          device: number;
          ticket: string;
          expires_at: number;
          /** Absent if auth is of an earlier release. */
          keys?: KeyCounts;
        };
  };
  device_list: {
    ask: { user_id: string };
    answer: { list: SignedDeviceList | null };
  };
  /** A device's key package; `user` and `device` are the session's. */
  key_upload: {
    ask: {
      user: number;
      device: number;
      key_id: string;
      public_key: string;
      signature: string;
      key_package: string;
      last_resort: boolean;
    };
    answer: ({ ok: true } & KeyCounts) | Refused;
  };
  /** One key package for each device, or for one; the same `id` from the same device gets the same answer. */
  key_claim: {
    ask: { user: number; device: number; id: string; user_id: string; device_id?: string | undefined };
    answer: { ok: true; bundles: KeyBundle[] } | Refused;
  };
  key_count: {
    ask: { device: number };
    answer: KeyCounts;
  };
  /** Entries are base64 of the concatenated bytes. */
  key_log: {
    ask: { from: number };
    answer: { head: KeyLogHead; entries: string };
  };
  /** Answers `key_log_proof`; hashes are base64 of the concatenated bytes. */
  key_log_proof: {
    ask: {
      size: number;
      list?: { user_id: string; sha256: string } | undefined;
      first?: number | undefined;
    };
    answer: { ok: true; position?: number; hashes: string } | Refused;
  };
  /** `expires_at` in Unix seconds. */
  turn: {
    ask: { user: number };
    answer: { ok: true; urls: string[]; username: string; password: string; expires_at: number } | Refused;
  };
};

/** Requests to presence. Those without an answer are not retried: the next one makes up for a lost one. */
export type PresenceRequests = {
  /** What devices report about themselves, or that it still holds. */
  status: { ask: { devices: DeviceStatus[] } };
  /**
   * Statuses of those users whom `user` may see; from now on the asking gateway is told about their changes for a
   * while.
   */
  watch: {
    ask: { user: number; user_id: string; names: string[] };
    answer: { at: number; states: WatchedState[] };
  };
  privacy: {
    ask: {
      user: number;
      status_to?: StatusAudience | undefined;
      last_seen?: LastSeenPrecision | undefined;
    };
    answer: { status_to: StatusAudience; last_seen: LastSeenPrecision };
  };
  /** `user` and the user of this name may no longer, or may again, see each other. */
  recheck: { ask: { user: number; name: string }; answer: Record<never, never> };
  /** A signalling message, checked by the gateway; `payload` is the frame's, in base64. */
  signal: {
    ask: {
      type: SignalType;
      user: number;
      device: number;
      user_id: string;
      to: string;
      to_device?: string | undefined;
      conversation: string;
      session: string;
      payload: string;
    };
    answer: { ok: true } | { ok: false; error: 'PERMISSION_DENIED' | 'SESSION_TAKEN' };
  };
  typing: {
    ask: {
      user: number;
      device: number;
      user_id: string;
      conversation: string;
      typing: boolean;
      until: number;
    };
  };
};

/** `status` undefined: the connection is gone. `since` orders the connections of a device, as in the directory. */
export type DeviceStatus = {
  user: number;
  device: number;
  connection: number;
  since: string;
  status?: PresenceStatus | undefined;
};
/** `last_seen` in Unix seconds. */
export type WatchedState = {
  user: number;
  user_id: string;
  status: PresenceStatus;
  last_seen?: number | undefined;
};

/** The error that the client is told. */
export type Refused = { ok: false; error: ErrorName; detail: ErrorDetail };

export type ServiceKey = { id: string; public_key: string };

/** Requests to delivery on the sync stream. */
export type SyncRequests = {
  /** One page of a device's mailbox after `from`; `ack` also acknowledges everything up to `from`. */
  page: {
    ask: {
      device: number;
      user: number;
      from: number;
      ack: boolean;
      mailbox_epoch?: number | undefined;
      receipts_since_ms?: number | undefined;
      limit: number;
    };
    answer: SyncPageHead;
  };
  /** Newest mailbox sequence of each device; for the gateway's sweep for lost pushes. */
  heads: { ask: { devices: number[] }; answer: { heads: [number, number][] } };
  /**
   * From now on nothing passes between `user` and whoever has or will have the other name. False when there are too
   * many blocks.
   */
  block: { ask: { user: number; name: string }; answer: { is_blocked: boolean } };
  unblock: { ask: { user: number; name: string }; answer: Record<never, never> };
  block_list: {
    ask: { user: number; after: string; limit: number };
    answer: { names: string[]; more: boolean };
  };
  /** Whether a user's read marks are recorded; sets it if `share` is given. */
  receipt_privacy: { ask: { user: number; share?: boolean | undefined }; answer: { share: boolean } };
  /** What a device may know about a conversation; null if it does not take part. */
  group_info: {
    ask: { device: number; conversation: string; after: string; limit: number };
    answer: { info: Omit<Downstream<'group_info'>, 'type' | 'ref'> | null };
  };
};

/** Who asks the files service: internal numbers, and the name that others see. */
type FileAsker = { user: number; device: number; user_id: string };
/** To everything but a chunk request. */
export type FileAnswer = { ok: true; status: Omit<Downstream<'file_status'>, 'type' | 'ref'> } | Refused;

/** Requests to files. */
export type FilesRequests = {
  offer: {
    ask: FileAsker & {
      file_id: string;
      conversation_id: string;
      file_size: number;
      chunk_size: number;
      total_chunks: number;
    };
    answer: FileAnswer;
  };
  accept: { ask: FileAsker & { file_id: string }; answer: FileAnswer };
  decline: { ask: FileAsker & { file_id: string }; answer: FileAnswer };
  cancel: { ask: FileAsker & { file_id: string }; answer: FileAnswer };
  progress: {
    ask: FileAsker & Omit<Upstream<'file_progress'>, 'type' | 'id'>;
    answer: FileAnswer;
  };
  status: {
    ask: FileAsker & { file_id?: string | undefined; after?: string | undefined };
    answer: FileAnswer;
  };
  /** Sent on a chunk stream, packed with the chunk's bytes. */
  chunk: {
    ask: FileAsker & { file_id: string; chunk_index: number; total_chunks: number };
    answer: FileAnswer;
  };
  /** The answer comes packed with the chunk's bytes, and not on the out stream. */
  chunk_request: {
    ask: FileAsker & { file_id: string; chunk_index: number };
    answer: { ok: true; total_chunks: number } | Refused;
  };
};
/** What arrives on a gateway's list of bulk answers, packed with the answer's bytes. */
export type BulkReply = { correlation: string; answer: FilesRequests['chunk_request']['answer'] };

/** Head of a page; the items' bodies follow packed in the same order. */
export type SyncPageHead = {
  through: number;
  more: boolean;
  mailbox_epoch: number;
  receipts?: WatermarkRecord[];
  items: { type: StoredType | 'history_truncated'; seq: number; conv_seq: number; at: number }[];
};

/** Requests to push; `device` is the session's. */
export type PushRequests = {
  subscribe: {
    ask: { device: number } & Pick<Upstream<'push_subscribe'>, 'web_push' | 'bridge'>;
    answer: ({ ok: true } & Omit<Downstream<'push_subscribe'>, 'type' | 'ref'>) | Refused;
  };
  unsubscribe: { ask: { device: number }; answer: Record<never, never> };
};

export type Requests = {
  auth: AuthRequests;
  delivery: SyncRequests;
  presence: PresenceRequests;
  files: FilesRequests;
  push: PushRequests;
};
export type Ask<S extends keyof Requests> = {
  [K in keyof Requests[S]]: { kind: K } & (Requests[S][K] extends { ask: infer A } ? A : never);
}[keyof Requests[S]];
export type Answer<S extends keyof Requests, K extends keyof Requests[S]> = Requests[S][K] extends {
  answer: infer A;
}
  ? A
  : never;

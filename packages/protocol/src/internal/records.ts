import type { CloseReason } from '../close-codes.ts';
import type { ErrorDetail, ErrorName } from '../errors.ts';
import type { PresenceStatus } from '../messages/presence.ts';
import type { GroupOperationName } from '../signing/group-op.ts';

/**
 * What travels between services. `user` and `device` are internal numbers of account and device (`users.id`,
 * `devices.id`), proved at login; `connection` is a number within one gateway process.
 */
type Origin = {
  gateway: string;
  connection: number;
  user: number;
  device: number;
  /** When the gateway received it, ms. */
  at: number;
};

/** Gateway to delivery on `…:in`. `hash` is base64 of SHA-256 over the signed transcript, which identifies retries. */
export type ChatRecord = Origin & {
  type: 'chat';
  id: string;
  hash: string;
  conversation: string;
  client_seq: number;
  epoch: number;
  /** 0 when absent. */
  generation?: number | undefined;
  /** The gateway can report that a commit is due, and pass on the commit: those of 0.1 cannot. */
  knows_commits?: true;
  to: string;
  /** Unix seconds; absent when the message does not expire. */
  expires_at?: number | undefined;
};
export type GroupCreateRecord = Origin & {
  type: 'group_create';
  id: string;
  hash: string;
  conversation: string;
  generation: number;
  epoch: number;
  /** `direct` when absent. */
  kind?: 'direct' | 'group' | undefined;
  members: string[];
  added_devices: string[];
  welcome_to: string[];
  replaces?: { generation: number; epoch: number } | undefined;
  previous_sha256?: string | undefined;
};
/**
 * Every other operation on a conversation. The body is what existing members get, followed, from `welcome_at`, by
 * what added devices get.
 */
export type GroupOperationRecord = Origin & {
  type: Exclude<GroupOperationName, 'group_create'>;
  id: string;
  hash: string;
  conversation: string;
  generation: number;
  epoch: number;
  previous_sha256: string;
  targets: string[];
  role?: Role | undefined;
  /** True: the targets may no longer be added; false: they may again. */
  ban?: boolean | undefined;
  /** A `group_update` with a new name. */
  has_name?: boolean | undefined;
  added_devices: string[];
  removed_devices: string[];
  welcome_to: string[];
  welcome_at?: number | undefined;
};
export type Role = 'owner' | 'admin' | 'member';
/** The types that are stored as messages of a conversation. */
export type StoredType = 'chat' | GroupOperationName;
/** Gateway to delivery on `…:ack`. Already clamped to what this connection was actually sent. */
export type DeviceAckRecord = Origin & { type: 'ack'; through: number };
export type ReadRecord = Origin & { type: 'receipt'; conversation: string; read_through: number };

export type IngressRecord = ChatRecord | GroupCreateRecord | GroupOperationRecord;
export type AckRecord = DeviceAckRecord | ReadRecord;
export type OrderedRecord = IngressRecord | AckRecord;

/** Services to gateway on `…:out`. A `deliver` carries the body once for all its devices. */
export type OutRecord =
  | {
      kind: 'stored';
      connection: number;
      ref: string;
      conversation: string;
      conv_seq: number;
      at: number;
      /** When the gateway received the message, ms, for its latency metrics. */
      received_at: number;
      dup: boolean;
    }
  | { kind: 'refused'; connection: number; error: ErrorName; detail: ErrorDetail }
  | {
      kind: 'deliver';
      type: StoredType;
      conv_seq: number;
      at: number;
      received_at: number;
      /** Unix seconds. */
      expires_at?: number | undefined;
      /** [device, mailbox seq] */
      to: [number, number][];
    }
  /** The mailboxes of these devices have grown to these sequences; fetch what is missing. */
  | { kind: 'head'; to: [number, number][] }
  | { kind: 'receipts'; to: number[]; marks: WatermarkRecord[] }
  /** A device has fewer key packages left than it should. */
  | ({ kind: 'keys'; device: number } & KeyCounts)
  /** Statuses of users whom this gateway's connections may watch. `at`: their time by Redis' clock, ms. */
  | { kind: 'presence'; at: number; states: [user: number, status: PresenceStatus][] }
  /**
   * Who may see this user has changed: the watchers (only `viewers`, if given) must be checked again before they are
   * told more.
   */
  | { kind: 'recheck'; user: number; viewers?: number[] | undefined }
  /** `within_ms`: how long it holds once it arrives. */
  | { kind: 'typing'; to: number[]; conversation: string; from: string; typing: boolean; within_ms: number }
  /** The body is the sender's frame payload, byte for byte. */
  | { kind: 'signal'; type: SignalType; to: number[] }
  /** The body is the payload of this message about a file, for these devices. Best effort. */
  | { kind: 'file'; type: FileNotice; to: number[] }
  | { kind: 'reply'; correlation: string }
  | { kind: 'close'; connection: number; reason: CloseReason };

export type SignalType = 'p2p_offer' | 'p2p_answer' | 'p2p_candidate' | 'p2p_bye';
export type FileNotice = 'file_offer' | 'file_accept' | 'file_decline' | 'file_cancel' | 'file_progress';

export type KeyCounts = { count: number; last_resort: boolean; low_water: number };

export type WatermarkRecord = {
  conversation_id: string;
  user_id: string;
  delivered_through: number;
  read_through: number;
};

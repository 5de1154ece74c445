import type { CloseReason } from '../close-codes.ts';
import type { ErrorDetail, ErrorName } from '../errors.ts';
import type { PresenceStatus } from '../messages/presence.ts';
import type { GroupOperationName } from '../signing/group-op.ts';

/**
 * What travels between services. `user` and `device` are the server's own numbers for an account and a device
 * (`users.id`, `devices.id`), proved at login; `connection` is a number of one gateway process.
 */
type Origin = {
  gateway: string;
  connection: number;
  user: number;
  device: number;
  /** When the gateway received it, ms. */
  at: number;
};

/** Gateway → delivery on `…:in`. `hash` is base64 of SHA-256 over the signed transcript: what makes a retry a retry. */
export type ChatRecord = Origin & {
  type: 'chat';
  id: string;
  hash: string;
  conversation: string;
  client_seq: number;
  epoch: number;
  /** 0 when absent. */
  generation?: number | undefined;
  /** The gateway can pass on that a commit is due, and the commit: those of 0.1 cannot. */
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
 * Every other operation on a conversation. The body is what those get who take part already, and behind it, from
 * `welcome_at`, what those get who are added.
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
  /** Whether the targets may not be added any more, or may again. */
  ban?: boolean | undefined;
  /** A `group_update` that carries another name. */
  has_name?: boolean | undefined;
  added_devices: string[];
  removed_devices: string[];
  welcome_to: string[];
  welcome_at?: number | undefined;
};
export type Role = 'owner' | 'admin' | 'member';
/** What is stored as a message of a conversation. */
export type StoredType = 'chat' | GroupOperationName;
/** Gateway → delivery on `…:ack`. Already clamped to what this connection was really sent. */
export type DeviceAckRecord = Origin & { type: 'ack'; through: number };
export type ReadRecord = Origin & { type: 'receipt'; conversation: string; read_through: number };

export type IngressRecord = ChatRecord | GroupCreateRecord | GroupOperationRecord;
export type AckRecord = DeviceAckRecord | ReadRecord;
export type OrderedRecord = IngressRecord | AckRecord;

/** Services → gateway on `…:out`. A `deliver` carries the body once for all its devices. */
export type OutRecord =
  | {
      kind: 'stored';
      connection: number;
      ref: string;
      conversation: string;
      conv_seq: number;
      at: number;
      /** When the gateway had received the message, ms, for its latency figures. */
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
  /** The mailbox of these devices has grown to this sequence; fetch what is missing. */
  | { kind: 'head'; to: [number, number][] }
  | { kind: 'receipts'; to: number[]; marks: WatermarkRecord[] }
  /** How many key packages a device has left: fewer than it should. */
  | ({ kind: 'keys'; device: number } & KeyCounts)
  /** How users are whom connections of this gateway may watch. `at`: when that was so by the clock of Redis, ms. */
  | { kind: 'presence'; at: number; states: [user: number, status: PresenceStatus][] }
  /** Who may see this user has changed: who watches it (of these users, where named) has to ask again before more is told. */
  | { kind: 'recheck'; user: number; viewers?: number[] | undefined }
  /** `until`: ms; afterwards it is not passed on. */
  | { kind: 'typing'; to: number[]; conversation: string; from: string; typing: boolean; until: number }
  /** The body is the sender's frame payload, byte for byte. */
  | { kind: 'signal'; type: SignalType; to: number[] }
  /** The body is the payload of this message about a file, for these devices. Nobody is promised it. */
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

import type { CloseReason } from '../close-codes.ts';
import type { ErrorDetail, ErrorName } from '../errors.ts';

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
  members: string[];
  added_devices: string[];
  welcome_to: string[];
};
/** Gateway → delivery on `…:ack`. Already clamped to what this connection was really sent. */
export type DeviceAckRecord = Origin & { type: 'ack'; through: number };
export type ReadRecord = Origin & { type: 'receipt'; conversation: string; read_through: number };

export type IngressRecord = ChatRecord | GroupCreateRecord;
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
      type: 'chat' | 'group_create';
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
  | { kind: 'reply'; correlation: string }
  | { kind: 'close'; connection: number; reason: CloseReason };

export type WatermarkRecord = {
  conversation_id: string;
  user_id: string;
  delivered_through: number;
  read_through: number;
};

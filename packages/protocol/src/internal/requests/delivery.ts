import type { Downstream } from '../../catalog.ts';
import type { StoredType, WatermarkRecord } from '../records.ts';

/** Requests to delivery on the sync stream. */
export type DeliveryRequests = {
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

/** Head of a page; the items' bodies follow packed in the same order. */
export type SyncPageHead = {
  through: number;
  more: boolean;
  mailbox_epoch: number;
  receipts?: WatermarkRecord[];
  items: { type: StoredType | 'history_truncated'; seq: number; conv_seq: number; at: number }[];
};

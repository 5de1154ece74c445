import type { SignedDeviceList } from '../messages/device_list.ts';
import type { GatewayCertificate } from '../messages/server_hello.ts';
import type { WatermarkRecord } from './records.ts';

/** Requests to auth, by `kind`. Bodies are JSON. Every one may be repeated without harm. */
export type AuthRequests = {
  /** A gateway's key, to be certified by the service key. Also tells the gateway how to verify tickets. */
  certify: {
    ask: { server_id: string; public_key: string };
    answer: { certificate: GatewayCertificate; service_keys: ServiceKey[] };
  };
  /** Is this key an active device of this user? `ok: false` covers unknown user, wrong key and revoked device alike. */
  login: {
    ask: { user_id: string; device_id: string; public_key: string };
    answer: { ok: false } | { ok: true; user: number; device: number; ticket: string; expires_at: number };
  };
  device_list: {
    ask: { user_id: string };
    answer: { list: SignedDeviceList | null };
  };
};

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
  /** Newest mailbox sequence of each device; the gateway's sweep for lost pushes. */
  heads: { ask: { devices: number[] }; answer: { heads: [number, number][] } };
};

/** Head of a page; the items' bodies follow packed behind it in the same order. */
export type SyncPageHead = {
  through: number;
  more: boolean;
  mailbox_epoch: number;
  receipts?: WatermarkRecord[];
  items: { type: 'chat' | 'group_create'; seq: number; conv_seq: number; at: number }[];
};

export type Requests = { auth: AuthRequests; delivery: SyncRequests };
export type Ask<S extends keyof Requests> = {
  [K in keyof Requests[S]]: { kind: K } & (Requests[S][K] extends { ask: infer A } ? A : never);
}[keyof Requests[S]];
export type Answer<S extends keyof Requests, K extends keyof Requests[S]> = Requests[S][K] extends {
  answer: infer A;
}
  ? A
  : never;

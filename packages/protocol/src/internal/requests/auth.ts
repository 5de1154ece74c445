import type { SignedDeviceList } from '../../messages/device_list.ts';
import type { KeyBundle } from '../../messages/key_bundle.ts';
import type { KeyLogHead } from '../../messages/key_log.ts';
import type { GatewayCertificate, Handover } from '../../messages/server_hello.ts';
import type { KeyCounts } from '../records.ts';
import type { Refused } from './refused.ts';

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

export type ServiceKey = { id: string; public_key: string };

import type { PresenceStatus } from '../../messages/presence.ts';
import type { LastSeenPrecision, StatusAudience } from '../../messages/presence_privacy.ts';
import type { SignalType } from '../records.ts';

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
      /** How long it holds, as the sender said. */
      within_ms: number;
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

import type { Clock } from '@securechat/kernel';
import type { AuthRequests } from '@securechat/protocol/internal';
import type { KeyNotices } from '../keys/notices.ts';
import type { KeyLimits } from '../limits/key-limits.ts';
import type { ServiceKeys } from '../service-keys.ts';
import type { ClaimStore } from '../store/claim-store.ts';
import type { DeviceStore } from '../store/device-store.ts';
import type { KeyLogStore } from '../store/key-log-store.ts';
import type { KeyStore } from '../store/key-store.ts';
import { createCertify } from './certify.ts';
import { createKeyClaim } from './key-claim.ts';
import { createKeyLog, createKeyLogProof } from './key-log.ts';
import { createKeyUpload } from './key-upload.ts';
import { createLogin } from './login.ts';
import { createTurn } from './turn.ts';

export type HandlerOptions = {
  devices: DeviceStore;
  keys: KeyStore;
  keyLog: KeyLogStore;
  claims: ClaimStore;
  keyLimits: KeyLimits;
  keyNotices: KeyNotices;
  /** A device with fewer key packages than this is notified. */
  keyLowWater: number;
  serviceKeys: ServiceKeys;
  certificateValidMs: number;
  ticketValidMs: number;
  turnUrls: readonly string[];
  turnSecret: string | undefined;
  turnValidMs: number;
  clock: Clock;
};

export type Handlers = {
  [K in keyof AuthRequests]: (ask: AuthRequests[K]['ask']) => Promise<AuthRequests[K]['answer']>;
};

/** Everything a gateway may ask auth. */
export function createHandlers(options: HandlerOptions): Handlers {
  return {
    certify: createCertify(options),
    login: createLogin(options),
    device_list: async ({ user_id }) => ({ list: (await options.devices.findNewestList(user_id)) ?? null }),
    key_upload: createKeyUpload(options),
    key_claim: createKeyClaim(options),
    turn: createTurn(options),
    key_log: createKeyLog(options),
    key_log_proof: createKeyLogProof(options),
    key_count: async ({ device }) => ({
      ...(await options.keys.stockOf(device)),
      low_water: options.keyLowWater,
    }),
  };
}

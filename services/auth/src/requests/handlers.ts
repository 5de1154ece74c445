import type { SigningKey } from '@securechat/crypto/sign';
import type { Clock } from '@securechat/kernel';
import type { AuthRequests } from '@securechat/protocol/internal';
import type { DeviceStore } from '../store/device-store.ts';
import { createCertify } from './certify.ts';
import { createLogin } from './login.ts';

export type HandlerOptions = {
  devices: DeviceStore;
  serviceKey: SigningKey;
  certificateValidMs: number;
  ticketValidMs: number;
  clock: Clock;
};

export type Handlers = {
  [K in keyof AuthRequests]: (ask: AuthRequests[K]['ask']) => Promise<AuthRequests[K]['answer']>;
};

/** Everything a gateway may ask of auth. */
export function createHandlers(options: HandlerOptions): Handlers {
  return {
    certify: createCertify(options),
    login: createLogin(options),
    device_list: async ({ user_id }) => ({ list: (await options.devices.findNewestList(user_id)) ?? null }),
  };
}

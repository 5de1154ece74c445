import { loadAccount } from './account/account.ts';
import type { SecureChatDoor } from './api/index.ts';
import { Client } from './client.ts';

/** Loaded once in the life of a device; `open` does without it, unless it is told another address. */
const entering = () => import('./account/enter.ts');

/** See `SecureChatDoor`. */
export const SecureChat: SecureChatDoor = {
  async signUp(options) {
    await (await entering()).signUp(options);
    return Client.open(options);
  },
  async open(options) {
    const { store, server } = options;
    if (server && JSON.stringify(server) !== JSON.stringify((await loadAccount(store)).server.told))
      await (await entering()).moveTo(store, server);
    return Client.open(options);
  },
  async link(options) {
    return (await entering()).link(options, () => Client.open(options));
  },
  async recover(options) {
    await (await entering()).recover(options);
    return Client.open(options);
  },
};

import type { ServerAddress } from '../api/index.ts';
import type { Store } from '../storage/store.ts';
import { type Account, accountChange, loadAccount } from './account.ts';

/** Of the WebSocket, when the address until now was of another kind. */
const USUAL_PATH = '/v1/ws';

/** `socketPath`: where one origin serves everything. Throws a `TypeError`: an address that nothing can be made of would stay in the store. */
export function doorsAt(address: ServerAddress, socketPath: string): Account['server'] {
  const isWhole = typeof address === 'string';
  const http = expectAddress(isWhole ? address : address.http, /^https?:\/\//).replace(/\/$/, '');
  // a transport of the app may have schemes of its own
  const socket = isWhole
    ? http.replace(/^http/, 'ws') + socketPath
    : expectAddress(address.socket, /^[a-z]+:\/\//);
  return { http, socket };
}

function expectAddress(address: string, schemes: RegExp): string {
  if (schemes.test(address) && URL.canParse(address)) return address;
  throw new TypeError(`"${address}" is not the whole address of a server, with its scheme`);
}

/**
 * The account's server is there from now on. Nobody is asked: the store keeps which key the server has to have, so a login at another one
 * fails with `ServerNotGenuine`.
 */
export async function moveTo(store: Store, address: ServerAddress): Promise<void> {
  const account = await loadAccount(store);
  const [, path = USUAL_PATH] = /^wss?:\/\/[^/]+(\/.+)$/.exec(account.server.socket) ?? [];
  await store.write([accountChange({ ...account, server: { ...doorsAt(address, path), told: address } })]);
}

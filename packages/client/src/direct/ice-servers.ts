import type { Connection } from '../connection/connection.ts';
import type { IceServer } from './peer.ts';

/** How long before their expiry new TURN credentials are requested. */
const SPARE_SECONDS = 600;

/** The servers for finding the own address and for relaying: the deployment's, unless the app names others. */
export class IceServers {
  readonly #connection: Pick<Connection, 'request'>;
  readonly #named: readonly IceServer[] | undefined;
  #own: { readonly servers: readonly IceServer[]; readonly expiresAt: number } | undefined;

  constructor(connection: Pick<Connection, 'request'>, named: readonly IceServer[] | undefined) {
    this.#connection = connection;
    this.#named = named;
  }

  async list(signal: AbortSignal): Promise<readonly IceServer[]> {
    if (this.#named) return this.#named;
    const isGood = this.#own && this.#own.expiresAt - SPARE_SECONDS > Date.now() / 1000;
    if (this.#own && isGood) return this.#own.servers;
    const answer = await this.#connection.request('turn_credentials', {}, { signal });
    const { urls, username, password: credential, expires_at: expiresAt } = answer;
    const servers = urls.flatMap((url) => [...stunOf(url), { urls: url, username, credential }]);
    this.#own = { servers, expiresAt };
    return servers;
  }
}

/** A TURN server on UDP also answers STUN. */
function stunOf(url: string): IceServer[] {
  const [, place] = /^turn:([^?]+)(?:\?transport=udp)?$/.exec(url) ?? [];
  return place === undefined ? [] : [{ urls: `stun:${place}` }];
}

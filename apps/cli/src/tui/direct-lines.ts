import type { Client } from '@securechat/client';
import { type Direct, type MakePeer, openDirect } from '@securechat/client/direct';
import { CommandFailed, shortFailure } from '../failures.ts';

/** The messenger's direct connections, including users allowed earlier. `changed`: somebody's path changed. */
export class DirectLines {
  readonly #opening: Promise<Direct>;
  #direct: Direct | undefined;

  /** `peers` may reject when its library is missing; then there are no direct connections, and commands for them say so. */
  constructor(client: Client, peers: () => Promise<MakePeer>, changed: () => void) {
    this.#opening = peers().then((makePeer) => openDirect(client, { makePeer }));
    this.#opening.then(
      (direct) => {
        this.#direct = direct;
        direct.on('path', changed);
        changed();
      },
      () => undefined,
    );
  }

  async allow(user: string, isAllowed: boolean): Promise<void> {
    const direct = await this.#opening.catch((error: unknown) => {
      throw new CommandFailed(shortFailure(error), 'Everything goes through the server.');
    });
    await direct.allow(user, isAllowed);
  }

  /** The path that messages take first; empty where that is always the server. */
  pathTo(user: string | undefined): string {
    if (user === undefined || !this.#direct?.isAllowed(user)) return '';
    return this.#direct.path(user) === 'direct' ? 'connected directly' : 'through the server';
  }

  close(): void {
    this.#direct?.close();
  }
}

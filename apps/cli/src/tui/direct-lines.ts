import type { Client } from '@securechat/client';
import { type Direct, type MakePeer, openDirect } from '@securechat/client/direct';
import { CommandFailed, shortFailure } from '../failures.ts';

/** The direct connections of a messenger, with those who were allowed on an earlier day, too. `changed`: another path, of anybody. */
export class DirectLines {
  readonly #opening: Promise<Direct>;
  #direct: Direct | undefined;

  /** `peers` may fail where its library is missing; then there are none, and who asks for one is told. */
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
      throw new CommandFailed(shortFailure(error), 'Everything goes by the server.');
    });
    await direct.allow(user, isAllowed);
  }

  /** Which way what one writes takes first; empty where it is always the server. */
  pathTo(user: string | undefined): string {
    if (user === undefined || !this.#direct?.isAllowed(user)) return '';
    return this.#direct.path(user) === 'direct' ? 'connected directly' : 'by the server';
  }

  close(): void {
    this.#direct?.close();
  }
}

import { NotConnected, StoreClosed } from '@securechat/client';

/**
 * For what nobody waits for. An error goes where uncaught errors go, except that the client was closed meanwhile: then the
 * page is about to show something else.
 */
export function inBackground(work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    if (!(error instanceof StoreClosed || error instanceof NotConnected)) reportError(error);
  });
}

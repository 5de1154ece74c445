import { NotConnected, StoreClosed } from '@securechat/client';

/** For work nobody awaits. Errors are reported as uncaught, except that the client was closed meanwhile: then the page is about to change anyway. */
export function inBackground(work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    if (!(error instanceof StoreClosed || error instanceof NotConnected)) reportError(error);
  });
}

// What page and worker agree on.

/** The only script that becomes a worker. */
export const WORKER = 'push-worker.js';

/**
 * There is no page below it: the worker is woken and controls nothing, so it never stands between a page and its server. Each profile has a
 * worker of its own, which knows by this whose it is.
 */
export const scopeOf = (profile: string) => `push/${profile}/`;

export function profileOfScope(scope: string): string {
  return new URL(scope).pathname.split('/').at(-2) ?? '';
}

/** Held by the worker while it has the store or is about to. */
export const wakingLock = (profile: string) => `securechat:${profile}:waking`;

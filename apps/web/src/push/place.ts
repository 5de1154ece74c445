// Shared by page and worker.

/** The only script that becomes a worker. */
export const WORKER = 'push-worker.js';

/**
 * No page is below this scope: the worker is woken but controls nothing, so it never gets between a page and its server. Each profile has
 * its own worker, identified by the scope.
 */
export const scopeOf = (profile: string) => `push/${profile}/`;

export function profileOfScope(scope: string): string {
  return new URL(scope).pathname.split('/').at(-2) ?? '';
}

/** Held by the worker while it has the store or is about to. */
export const wakingLock = (profile: string) => `securechat:${profile}:waking`;

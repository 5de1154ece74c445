import { lookUp } from '../look-up.ts';
import type { Core } from './core.ts';

/**
 * Is this user somebody one talks to? Then what it begins is no request: there is a conversation of two that was accepted, or
 * a group that was.
 */
export function isContact(core: Pick<Core, 'registry'>, userId: string): boolean {
  return core.registry
    .all()
    .some(
      ({ isRequest, purpose, log }) =>
        !isRequest && purpose === 'people' && lookUp(log.roles, userId) !== undefined,
    );
}

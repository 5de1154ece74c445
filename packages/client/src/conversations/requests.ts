import { lookUp } from '../look-up.ts';
import type { Core } from './core.ts';

/** Whether this user is a contact, so that conversations they start are not requests: they share an accepted conversation. */
export function isContact(core: Pick<Core, 'registry'>, userId: string): boolean {
  return core.registry
    .all()
    .some(
      ({ isRequest, purpose, log }) =>
        !isRequest && purpose === 'people' && lookUp(log.roles, userId) !== undefined,
    );
}

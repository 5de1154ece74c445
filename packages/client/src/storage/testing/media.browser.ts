import { openIndexedDbStore } from '../indexeddb.ts';
import { type Kind, memory } from './medium.ts';

let created = 0;

const indexedDb: Kind = {
  name: 'in the browser',
  create() {
    const name = `test-${++created}`;
    return {
      open: () => openIndexedDbStore(name),
      remove: async () => (await openIndexedDbStore(name)).wipe(),
    };
  },
};

/** The stores available on this platform. */
export const kinds: Kind[] = [memory, indexedDb];

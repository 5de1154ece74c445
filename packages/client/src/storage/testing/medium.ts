import { MemoryDisk, openMemoryStore } from '../memory.ts';
import type { Store } from '../store.ts';

/** A place for one store, initially empty, that can be opened repeatedly. */
export type Medium = {
  open(): Promise<Store>;
  /** Removes it completely. */
  remove(): Promise<void>;
};

export type Kind = { readonly name: string; create(): Medium };

export const memory: Kind = {
  name: 'in memory',
  create() {
    const disk = new MemoryDisk();
    return { open: () => openMemoryStore(disk), remove: async () => undefined };
  },
};

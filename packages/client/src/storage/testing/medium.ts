import { MemoryDisk, openMemoryStore } from '../memory.ts';
import type { Store } from '../store.ts';

/** A place for one store, empty at first, that can be opened again and again. */
export type Medium = {
  open(): Promise<Store>;
  /** Afterwards nothing is left of it. */
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

import type { Store } from '../storage/store.ts';

export const blockedKey = (userId: string): string => `blocked/${userId}`;

/** Users whom this account blocks, as this device knows them. */
export async function loadBlocked(store: Store): Promise<Set<string>> {
  const kept = await store.list(blockedKey(''));
  return new Set(kept.map(([key]) => key.slice(blockedKey('').length)));
}

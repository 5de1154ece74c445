/** Where in the life of a conversation's keys something was sealed. */
export type KeyPlace = { readonly generation: number; readonly epoch: number };

export function isSamePlace(a: KeyPlace, b: KeyPlace): boolean {
  return a.generation === b.generation && a.epoch === b.epoch;
}

export function isLater(a: KeyPlace, b: KeyPlace): boolean {
  return a.generation > b.generation || (a.generation === b.generation && a.epoch > b.epoch);
}

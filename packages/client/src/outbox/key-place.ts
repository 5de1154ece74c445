/** The generation and epoch of the keys that something was sealed with. */
export type KeyPlace = { readonly generation: number; readonly epoch: number };

export function isSamePlace(a: KeyPlace, b: KeyPlace): boolean {
  return a.generation === b.generation && a.epoch === b.epoch;
}

export function isLater(a: KeyPlace, b: KeyPlace): boolean {
  return a.generation > b.generation || (a.generation === b.generation && a.epoch > b.epoch);
}

import { everything, readVectors, small } from '#vector-files';

export const sources: [name: string, folder: string][] = [
  ['the cases in the tree', small],
  ...(everything === undefined ? [] : ([['all cases', everything]] satisfies [string, string][])),
];

const OUR_SUITE = 1;

/** The cases of one of the working group's sets, without those of suites we do not support. */
export async function casesOf<T>(folder: string, set: string): Promise<T[]> {
  const all: (T & { cipher_suite?: number })[] = JSON.parse(await readVectors(folder, `mls/${set}.json`));
  return all.filter(({ cipher_suite = OUR_SUITE }) => cipher_suite === OUR_SUITE);
}

export const bytes = (hex: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

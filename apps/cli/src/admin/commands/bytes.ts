import { UsageError } from '../../command.ts';

const UNITS: Readonly<Record<string, number>> = {
  ...{ '': 1, B: 1, kB: 1e3, MB: 1e6, GB: 1e9 },
  ...{ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 },
};

/** Parses sizes as the services' options write them. */
export function bytesOf(text: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text) ?? [];
  const bytes = Number(digits) * ((Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined) ?? Number.NaN);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new UsageError('BYTES is a size such as 5000000000, 5GB or 512MiB, or `default`.');
}

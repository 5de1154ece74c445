import { parseArgs } from 'node:util';

/** Parses the command line with `read`. Undefined is a request for help; that, and an error, print the usage and end the process. */
export function readOrEnd<T>(usage: string, read: () => T | undefined): T {
  try {
    const options = read();
    if (options !== undefined) return options;
    console.log(usage);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(1);
  }
  process.exit(0);
}

/** For a command without options: whatever is given ends it as above. */
export function takeNoOptions(usage: string): void {
  readOrEnd(usage, () => {
    const { values } = parseArgs({ options: { help: { type: 'boolean' } } });
    return values.help ? undefined : values;
  });
}

/** The given names, which must all be known; all names if none was given. */
export function chosen<N extends string>(
  kind: string,
  names: readonly string[],
  known: readonly N[],
): readonly N[] {
  const unknown = names.filter((name) => !(known as readonly string[]).includes(name));
  if (unknown.length > 0) throw new Error(`There is no ${kind} called ${unknown.join(', ')}.`);
  return names.length > 0 ? (names as N[]) : known;
}

export function wholeNumber(name: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  if (!/^[1-9]\d{0,9}$/.test(given)) throw new Error(`--${name} wants a whole number, not ${given}.`);
  return Number(given);
}

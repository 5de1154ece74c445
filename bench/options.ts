import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readOrEnd, wholeNumber } from '../scripts/read-or-end.ts';

/** `A=1` and `B=2` as `{ A: '1', B: '2' }`. */
export function assignments(given: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const [name = '', ...value] = text.split('=');
      if (name === '' || value.length === 0) throw new Error(`NAME=VALUE is wanted, not ${text}.`);
      return [name, value.join('=')];
    }),
  );
}

const text = { type: 'string' } as const;
/** Options shared by all load runs. */
export const loadOptions = {
  ...{ secs: text, users: text, connections: text, quiet: text, json: text },
  help: { type: 'boolean' },
} as const;

type Given = Partial<Record<'secs' | 'users' | 'connections' | 'quiet' | 'json', string>>;

export function loadOf(given: Given, { seconds }: { seconds: number }) {
  return {
    seconds: wholeNumber('secs', given.secs, seconds),
    users: wholeNumber('users', given.users, 200),
    connections: wholeNumber('connections', given.connections, 2_000),
    quiet: wholeNumber('quiet', given.quiet, 6),
    json: given.json === undefined ? undefined : resolve(given.json),
  };
}

/** The options of a command that has nothing but whole numbers, `otherwise` being those that are not given. Ends it when they are wrong or help is asked for. */
export function wholeNumbersOrEnd<N extends string>(
  usage: string,
  otherwise: Readonly<Record<N, number>>,
): Record<N, number> {
  const names = Object.keys(otherwise) as N[];
  return readOrEnd(usage, () => {
    const options = Object.fromEntries(names.map((name) => [name, text]));
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } });
    if (values.help) return undefined;
    const given = values as Partial<Record<N, string>>;
    return Object.fromEntries(
      names.map((name) => [name, wholeNumber(name, given[name], otherwise[name])]),
    ) as Record<N, number>;
  });
}

import { isSecretUrl, maskUrl } from './mask.ts';

/** What every option declares. Without `default` and `optional` it must be set. */
export type Common<T> = {
  /** Name of the environment variable. */
  env: string;
  /** One line for the documentation. */
  doc: string;
  default?: T;
  /** May be missing: the value is then undefined. */
  optional?: boolean;
  /** Shown in errors; each type has a default one. */
  example?: string;
};

/** One option of a service, as data. `parse` throws a TypeError whose message completes "must be …". */
export type Option<T = unknown, Secret extends boolean = boolean> = Common<T> & {
  type: string;
  isSecret: Secret;
  example: string;
  min?: number;
  max?: number;
  parse(text: string): T;
  /** The default as a person would write it. */
  print(value: T): string;
};

type Range = { min?: number; max?: number };
type Given<O, T> = O extends { optional: true } ? T | undefined : T;

type TextOptions = Common<string> & Range & { pattern?: RegExp };

/** Any text. `min` and `max` count characters. */
export function str<const O extends TextOptions>(given: O): Option<Given<O, string>, false> {
  return option(given, {
    type: 'text',
    isSecret: false,
    example: 'text',
    parse: (text) => inPattern(inLength(text, given), given.pattern),
  });
}

export function int<const O extends Common<number> & Range>(given: O): Option<Given<O, number>, false> {
  const example = String(given.default ?? given.min ?? 1);
  return option(given, {
    type: 'integer',
    isSecret: false,
    example,
    parse: (text) => inRange(toInteger(text), given),
  });
}

export function bool<const O extends Common<boolean>>(given: O): Option<Given<O, boolean>, false> {
  return option(given, { type: 'boolean', isSecret: false, example: 'true', parse: toBoolean });
}

/** `1500`, `1500ms`, `30s`, `5m`, `2h` or `7d`; the value, `min` and `max` are milliseconds. */
export function durationMs<const O extends Common<number> & Range>(
  given: O,
): Option<Given<O, number>, false> {
  const parse = (text: string) =>
    inRange(withUnit(text, DURATIONS_MS, 'a duration such as 1500ms, 30s or 7d'), given);
  return option(given, {
    type: 'duration',
    isSecret: false,
    example: '30s',
    parse,
    print: (ms) => `${ms}ms`,
  });
}

/** `65536`, `64KiB`, `10MB` or `1GB`: kB, MB and GB are decimal. The value, `min` and `max` are bytes. */
export function bytes<const O extends Common<number> & Range>(given: O): Option<Given<O, number>, false> {
  const parse = (text: string) =>
    inRange(withUnit(text, BYTES, 'a size such as 65536, 64KiB or 10MB'), given);
  return option(given, { type: 'size', isSecret: false, example: '64KiB', parse });
}

export function oneOf<const V extends string, const O extends Common<V>>(
  values: readonly V[],
  given: O,
): Option<Given<O, V>, false> {
  const parse = (text: string): V => {
    const value = values.find((candidate) => candidate === text);
    if (value === undefined) throw new TypeError(`one of ${values.join(', ')}`);
    return value;
  };
  return option(given, { type: values.join(' | '), isSecret: false, example: values[0] ?? '', parse });
}

type ListOptions = Common<readonly string[]> & {
  /** What each item must be, and how to say that. */
  items?: { are(item: string): boolean; expected: string };
};

/** Comma-separated texts; surrounding blanks are dropped. */
export function list<const O extends ListOptions>(given: O): Option<Given<O, readonly string[]>, false> {
  const parse = (text: string) => {
    const items = text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
    if (given.items && !items.every(given.items.are)) throw new TypeError(given.items.expected);
    return items;
  };
  return option(given, {
    type: 'list',
    isSecret: false,
    example: 'one,two',
    parse,
    print: (items) => items.join(','),
  });
}

type UrlOptions = Common<string> & {
  /** Allowed schemes, such as ['redis:', 'rediss:']. */
  protocols: readonly string[];
  /** True when it may hold a password: the value then goes to `secrets`. */
  secret?: boolean;
};

export function url<const O extends UrlOptions>(
  given: O,
): Option<Given<O, string>, O extends { secret: true } ? true : false> {
  const schemes = given.protocols.map((protocol) => `${protocol}//`).join(' or ');
  const parse = (text: string) => {
    if (!URL.canParse(text) || !given.protocols.includes(new URL(text).protocol))
      throw new TypeError(`a ${schemes} URL`);
    if (given.secret !== true && isSecretUrl(text)) throw new TypeError('a URL without a password in it');
    return text;
  };
  const isSecret = (given.secret === true) as O extends { secret: true } ? true : false;
  const example = given.default ?? `${given.protocols[0]}//127.0.0.1`;
  return option(given, { type: 'URL', isSecret, example, parse, print: maskUrl });
}

/** A text that goes to `secrets`. May also be in a file, whose path is then in `<env>_FILE`. */
export function secret<const O extends Common<string> & Range>(given: O): Option<Given<O, string>, true> {
  const example = `$(openssl rand -hex 32), or ${given.env}_FILE=/run/secrets/name`;
  const parse = (text: string) => inLength(text, given);
  return option(given, { type: 'secret', isSecret: true, example, parse, print: () => '(built in)' });
}

type Kind<T, Secret extends boolean> = Pick<Option<T, Secret>, 'type' | 'isSecret' | 'example' | 'parse'> & {
  print?: (value: T) => string;
};

/** `T | undefined` of an optional option exists only in the types: `parse` is not called for a missing value. */
function option<T, U, Secret extends boolean>(
  given: Common<T> & Range,
  kind: Kind<T, Secret>,
): Option<U, Secret> {
  const { print = String } = kind;
  return { ...kind, print, ...given, example: given.example ?? kind.example } as unknown as Option<U, Secret>;
}

const DURATIONS_MS = { '': 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BYTES = { '': 1, B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

function withUnit(text: string, units: Record<string, number>, expected: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : units[unit];
  const value = Number(digits) * (factor ?? Number.NaN);
  if (!Number.isSafeInteger(value)) throw new TypeError(expected);
  return value;
}

function toInteger(text: string): number {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value)) throw new TypeError('an integer');
  return value;
}

function toBoolean(text: string): boolean {
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new TypeError('true or false');
}

function inRange(value: number, { min, max }: Range): number {
  if (min !== undefined && value < min) throw new TypeError(`at least ${min}`);
  if (max !== undefined && value > max) throw new TypeError(`at most ${max}`);
  return value;
}

function inPattern(text: string, pattern: RegExp | undefined): string {
  if (pattern !== undefined && !pattern.test(text))
    throw new TypeError(`text that matches ${pattern.source}`);
  return text;
}

function inLength(text: string, { min, max }: Range): string {
  if (min !== undefined && text.length < min) throw new TypeError(`at least ${min} characters long`);
  if (max !== undefined && text.length > max) throw new TypeError(`at most ${max} characters long`);
  return text;
}

import { SecureChatError } from '../errors.ts';

/** A content is malformed. An outgoing one is refused; an incoming one is not shown. */
export class BadContent extends SecureChatError {
  override readonly name = 'BadContent';
  readonly isRetryable = false;
}

export type Fields = Readonly<Record<string, unknown>>;

export function object(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadContent(`${name} is no object`);
  return value as Fields;
}

/** Text of at most `max` UTF-16 units, without unpaired surrogates. */
export function text(fields: Fields, name: string, max: number): string {
  const value = fields[name];
  if (typeof value !== 'string' || value.length > max || !value.isWellFormed()) {
    throw new BadContent(`${name} is no text of at most ${max}`);
  }
  return value;
}

export function optionalText(fields: Fields, name: string, max: number): string | undefined {
  return fields[name] === undefined ? undefined : text(fields, name, max);
}

/** A whole number from 0 to 2^53 - 1. */
export function count(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new BadContent(`${name} is no count`);
  }
  return value;
}

export function list<T>(fields: Fields, name: string, max: number, entry: (value: unknown) => T): T[] {
  const value = fields[name];
  if (!Array.isArray(value) || value.length > max)
    throw new BadContent(`${name} is no list of at most ${max}`);
  return value.map(entry);
}

export function oneOf<const T extends string>(fields: Fields, name: string, allowed: readonly T[]): T {
  const value = fields[name];
  if (!allowed.includes(value as T)) throw new BadContent(`${name} is none of ${allowed.join(', ')}`);
  return value as T;
}

const ID = /^[A-Za-z0-9_-]{1,64}$/;

export function id(fields: Fields, name: string): string {
  return idOf(fields[name], name);
}

export function optionalId(fields: Fields, name: string): string | undefined {
  return fields[name] === undefined ? undefined : id(fields, name);
}

export function idOf(value: unknown, name: string): string {
  if (typeof value !== 'string' || !ID.test(value)) throw new BadContent(`${name} is no id`);
  return value;
}

/** Drops members that are undefined: absent and undefined are the same. */
export function compact<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

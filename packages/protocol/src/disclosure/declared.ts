import type { FactName } from './facts.ts';

/**
 * A fact for each field of `T`, and for each nested field: a missing one does not compile, nor does one that does not
 * exist.
 */
export type Declared<T> = { readonly [K in keyof T]-?: DeclaredField<NonNullable<T[K]>> };

type DeclaredField<T> = [T] extends [readonly (infer Item)[]]
  ? DeclaredField<Item>
  : [T] extends [object]
    ? Declared<T>
    : FactName;

/** The untyped form. */
export type Fields = { readonly [field: string]: FactName | Fields };

/** Paths of all fields, `a.b` for b within a, each with its fact. */
export function flatten(fields: Fields): [path: string, fact: FactName][] {
  return Object.entries(fields).flatMap(([name, inner]) =>
    typeof inner === 'string'
      ? [[name, inner] as [string, FactName]]
      : flatten(inner).map(([path, fact]) => [`${name}.${path}`, fact] as [string, FactName]),
  );
}

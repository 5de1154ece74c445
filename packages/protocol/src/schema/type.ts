/**
 * Shapes of JSON values, as JSON Schema (2020-12) for machines and as types for the compiler: `Static<typeof Chat>`.
 * Only what the protocol uses, so that browsers load little; `checkerOf` implements all of it.
 */
const OPTIONAL = Symbol('optional');

/** Members that start with `~` exist only for the compiler: no schema has them. */
export type Schema<T = unknown> = { readonly '~value'?: T };
export type Static<S> = S extends Schema<infer T> ? T : never;

type OptionalSchema<S> = S & { readonly '~optional': true };
type Properties = Readonly<Record<string, Schema>>;
type OptionalNames<P> = {
  [K in keyof P]: P[K] extends { readonly '~optional': true } ? K : never;
}[keyof P];
type ObjectOf<P> = Flat<
  { -readonly [K in Exclude<keyof P, OptionalNames<P>>]: Static<P[K]> } & {
    -readonly [K in OptionalNames<P>]?: Static<P[K]>;
  }
>;
type Flat<T> = { [K in keyof T]: T[K] };

export type ObjectSchema<P extends Properties = Properties> = Schema<ObjectOf<P>> & {
  type: 'object';
  properties: P;
  required?: string[];
} & ObjectRules;
type ArraySchema<S extends Schema> = Schema<Static<S>[]> & { type: 'array'; items: S } & ArrayRules;

type StringSchema = Schema<string> & { type: 'string' } & StringRules;

type ObjectRules = { additionalProperties?: boolean | Schema; maxProperties?: number };
type ArrayRules = { minItems?: number; maxItems?: number };
type StringRules = { pattern?: string; format?: 'base64'; maxLength?: number };
type NumberRules = { minimum?: number; maximum?: number };

export const Type = {
  Object<const P extends Properties>(properties: P, rules: ObjectRules = {}): ObjectSchema<P> {
    const required = Object.keys(properties).filter((name) => !(OPTIONAL in (properties[name] ?? {})));
    return { type: 'object', ...(required.length > 0 ? { required } : {}), properties, ...rules };
  },
  /** An optional member. */
  Optional: <S extends Schema>(schema: S): OptionalSchema<S> =>
    ({ ...schema, [OPTIONAL]: true }) as unknown as OptionalSchema<S>,
  /** Members of any name. */
  Record: <S extends Schema>(values: S): Schema<Record<string, Static<S>>> =>
    ({ type: 'object', patternProperties: { '^.*$': values } }) as Schema<Record<string, Static<S>>>,
  Array: <S extends Schema>(items: S, rules: ArrayRules = {}): ArraySchema<S> => ({
    type: 'array',
    items,
    ...rules,
  }),
  Union: <const S extends readonly Schema[]>(anyOf: S): Schema<Static<S[number]>> & { anyOf: S } => ({
    anyOf,
  }),
  Literal: <const V extends string | boolean>(value: V): Schema<V> & { const: V } =>
    ({ type: typeof value, const: value }) as Schema<V> & { const: V },
  String: (rules: StringRules = {}): StringSchema => ({ type: 'string', ...rules }),
  Boolean: (): Schema<boolean> => ({ type: 'boolean' }) as Schema<boolean>,
  Integer: (rules: NumberRules = {}): Schema<number> => ({ type: 'integer', ...rules }) as Schema<number>,
  Number: (rules: NumberRules = {}): Schema<number> => ({ type: 'number', ...rules }) as Schema<number>,
} as const;

import { contexts, type FieldTable, labelOf, type SigningContext } from './contexts.ts';
import { type FlatMap, type Scalar, TranscriptWriter } from './writer.ts';

type ValueOf = {
  string: string;
  integer: number;
  boolean: boolean;
  /** Canonical base64 text; its decoded bytes are signed. */
  base64: string;
  list: readonly Scalar[];
  map: FlatMap;
};

type Entry<C extends SigningContext> = (typeof contexts)[C][number];
/** The fields a context signs, by name. All are optional in the encoding; schemas say what is required. */
export type Signed<C extends SigningContext> = {
  readonly [E in Entry<C> as E[1]]?: ValueOf[E[2]] | undefined;
};

/** Shared: `transcript` is synchronous, so no other one starts before it has finished. */
const writer = new TranscriptWriter();

/**
 * The bytes to sign or verify for `fields` in `context`. Members of `fields` that the context does not list are not
 * signed: callers must refuse unknown members first (closed schemas do). Throws `TypeError`/`RangeError` for values
 * that cannot be signed: lone surrogates, floats, bad base64.
 */
export function transcript<C extends SigningContext>(context: C, fields: Signed<C>): Uint8Array<ArrayBuffer> {
  writer.start(labelOf(context));
  const values = fields as Readonly<Record<string, unknown>>;
  for (const [tag, field, kind] of contexts[context] as FieldTable) {
    const value = values[field];
    if (value !== undefined) writer[kind](tag, value as never);
  }
  return writer.finish();
}

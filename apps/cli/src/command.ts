import type { Output } from './output/output.ts';

export type Option = { readonly type: 'string' | 'boolean'; readonly value?: string; readonly doc: string };

export type Options = Readonly<Record<string, Option>>;

export type Words = {
  readonly args: readonly string[];
  /** Options with a value. */
  readonly values: Readonly<Record<string, string | undefined>>;
  /** The given options that take no value. */
  readonly flags: ReadonlySet<string>;
};

export type Call = Words & {
  /** Folder of the account, absolute. */
  readonly home: string;
  readonly out: Output;
};

/** The help of a command, and how its words are parsed. `usage` names the arguments; `takes` is their minimum and maximum number. */
export type Described = {
  readonly usage: string;
  readonly takes: readonly [least: number, most: number];
  readonly summary: string;
  readonly options?: Options;
};

/** A command after `securechat`. */
export type Command = Described & {
  /** Errors become advice and an exit code (`failures.ts`). */
  run(call: Call): Promise<void>;
};

/** A command with subcommands, loaded only when used. */
export type Family = {
  readonly summary: string;
  load(): Promise<(argv: readonly string[], out: Output) => Promise<number>>;
};

/** The command line is invalid. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

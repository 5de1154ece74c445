import type { Output } from './output/output.ts';

export type Option = { readonly type: 'string' | 'boolean'; readonly value?: string; readonly doc: string };

export type Options = Readonly<Record<string, Option>>;

export type Words = {
  readonly args: readonly string[];
  /** Options with a value. */
  readonly values: Readonly<Record<string, string | undefined>>;
  /** Options without a value that were given. */
  readonly flags: ReadonlySet<string>;
};

export type Call = Words & {
  /** Folder of the account, absolute. */
  readonly home: string;
  readonly out: Output;
};

/** What help says of a word, and how it is read. `usage` names the arguments; `takes` says how few and how many there may be. */
export type Described = {
  readonly usage: string;
  readonly takes: readonly [least: number, most: number];
  readonly summary: string;
  readonly options?: Options;
};

/** One word after `securechat`. */
export type Command = Described & {
  /** What it throws becomes advice and an exit code (`failures.ts`). */
  run(call: Call): Promise<void>;
};

/** A word with words of its own behind it, which are loaded when one is asked for: who chats does not load them. */
export type Family = {
  readonly summary: string;
  load(): Promise<(argv: readonly string[], out: Output) => Promise<number>>;
};

/** What was typed makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

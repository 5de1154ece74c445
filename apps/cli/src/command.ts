import type { Output } from './output/output.ts';

export type Option = { readonly type: 'string' | 'boolean'; readonly value?: string; readonly doc: string };

export type Call = {
  readonly args: readonly string[];
  /** Options with a value; those of the command and `home`. */
  readonly values: Readonly<Record<string, string | undefined>>;
  /** Options without a value that were given. */
  readonly flags: ReadonlySet<string>;
  /** Folder of the account, absolute. */
  readonly home: string;
  readonly out: Output;
};

/** One word after `securechat`. `usage` names the arguments; `takes` says how few and how many there may be. */
export type Command = {
  readonly usage: string;
  readonly takes: readonly [least: number, most: number];
  readonly summary: string;
  readonly options?: Readonly<Record<string, Option>>;
  /** What it throws becomes advice and an exit code (`failures.ts`). */
  run(call: Call): Promise<void>;
};

/** What was typed makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

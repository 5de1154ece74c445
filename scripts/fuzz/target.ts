/** Something that takes bytes from a stranger. */
export type Target = {
  readonly name: string;
  /** Good ones, to begin with. */
  readonly seeds: readonly Uint8Array[];
  /** Throws when something is wrong; what the code promises for bad input is not. */
  run(input: Uint8Array): void | Promise<void>;
  /** Sources of which every new part that an input reaches makes that input worth keeping. Without: it runs elsewhere. */
  readonly guidedBy?: RegExp;
};

export type Outcome = { inputs: number; kept: number; fault: string | undefined };

/** Code that takes bytes from a stranger. */
export type Target = {
  readonly name: string;
  /** Valid inputs to start from. */
  readonly seeds: readonly Uint8Array[];
  /** Throws on a fault; the errors that the code documents for bad input are not faults. */
  run(input: Uint8Array): void | Promise<void>;
  /** Sources whose coverage decides which inputs are kept. Without it, the target runs elsewhere. */
  readonly guidedBy?: RegExp;
};

export type Outcome = { inputs: number; kept: number; fault: string | undefined };

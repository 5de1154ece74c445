/** Whoever began the transfer ended it. */
export class TransferCancelled extends Error {
  override readonly name = 'TransferCancelled';
}

/** It cannot succeed: refused, or what came is not what was said. The cause, where there is one, is the server's refusal. */
export class TransferFailed extends Error {
  override readonly name = 'TransferFailed';
}

import { SecureChatError } from '../errors.ts';

/** Whoever began the transfer ended it. */
export class TransferCancelled extends SecureChatError {
  override readonly name = 'TransferCancelled';
  readonly isRetryable = false;
}

/** It cannot succeed: refused, or what came is not what was said. The cause, where there is one, is the server's refusal. */
export class TransferFailed extends SecureChatError {
  override readonly name = 'TransferFailed';
  readonly isRetryable = false;
}

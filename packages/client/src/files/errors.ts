import { SecureChatError } from '../errors.ts';

/** The transfer was cancelled through `cancel`. */
export class TransferCancelled extends SecureChatError {
  override readonly name = 'TransferCancelled';
  readonly isRetryable = false;
}

/** The transfer cannot succeed: it was refused, or the data is not as announced. The server's refusal, if any, is the cause. */
export class TransferFailed extends SecureChatError {
  override readonly name = 'TransferFailed';
  readonly isRetryable = false;
}

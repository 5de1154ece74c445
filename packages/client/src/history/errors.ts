import { SecureChatError } from '../errors.ts';

/** Not a history of this account that this version can read; or the passphrase is another one. */
export class HistoryNotReadable extends SecureChatError {
  override readonly name = 'HistoryNotReadable';
  readonly isRetryable = false;
}

import { SecureChatError } from '../errors.ts';

/** The file is not a readable history of this account, or the passphrase is wrong. */
export class HistoryNotReadable extends SecureChatError {
  override readonly name = 'HistoryNotReadable';
  readonly isRetryable = false;
}

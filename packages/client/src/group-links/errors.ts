import { SecureChatError } from '../errors.ts';

/** Its maker's device lets nobody in by this link any more: it is over, used up or taken back, or its maker may add nobody now. */
export class LinkRefused extends SecureChatError {
  override readonly name = 'LinkRefused';
  readonly isRetryable = false;
}

import { SecureChatError } from '../errors.ts';

/** The maker's device refused: the link is expired, used up or revoked, or its maker may no longer add members. Ask for a new one. */
export class LinkRefused extends SecureChatError {
  override readonly name = 'LinkRefused';
  readonly isRetryable = false;
}

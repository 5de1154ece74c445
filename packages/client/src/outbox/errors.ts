import { SecureChatError } from '../errors.ts';

/** The outbox of this device is full. Retry once something has been sent. */
export class OutboxFull extends SecureChatError {
  override readonly name = 'OutboxFull';
  readonly isRetryable = true;

  constructor() {
    super('The outbox is full');
  }
}

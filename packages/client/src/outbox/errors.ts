import { SecureChatError } from '../errors.ts';

/** As much waits to be sent as a device keeps. Once something has been sent there is room again. */
export class OutboxFull extends SecureChatError {
  override readonly name = 'OutboxFull';
  readonly isRetryable = true;

  constructor() {
    super('Too much waits to be sent');
  }
}

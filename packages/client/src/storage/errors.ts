import { SecureChatError } from '../errors.ts';

/** Another process, tab or worker has this store open. */
export class StoreInUse extends SecureChatError {
  override readonly name = 'StoreInUse';
  readonly isRetryable = true;

  constructor() {
    super('This store is open in another tab or process');
  }
}

/** The store was closed or wiped before this call. */
export class StoreClosed extends SecureChatError {
  override readonly name = 'StoreClosed';
  readonly isRetryable = false;

  constructor() {
    super('This store is closed');
  }
}

/** There is no room on the disk, or the browser grants no more. Nothing was written. */
export class StoreFull extends SecureChatError {
  override readonly name = 'StoreFull';
  readonly isRetryable = true;

  constructor(options?: ErrorOptions) {
    super('There is no room left on this device', options);
  }
}

/** The medium failed, and the outcome of this call is not known. Every later call fails too: open the store anew. */
export class StoreFailed extends SecureChatError {
  override readonly name = 'StoreFailed';
  readonly isRetryable = false;
}

/** An account is in this store, and its keys are nowhere else: it can be opened, and no other one is put in its place. */
export class StoreTaken extends SecureChatError {
  override readonly name = 'StoreTaken';
  readonly isRetryable = false;
}

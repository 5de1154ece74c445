import { SecureChatError } from '../errors.ts';

/** Another process, tab or worker has this store open. Close it there, then retry. */
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

/** The disk is full, or the browser grants no more space. Nothing was written; free some space and retry. */
export class StoreFull extends SecureChatError {
  override readonly name = 'StoreFull';
  readonly isRetryable = true;

  constructor(options?: ErrorOptions) {
    super('No space left on this device', options);
  }
}

/** The medium failed, and the outcome of this call is unknown. All later calls fail too: open the store anew. */
export class StoreFailed extends SecureChatError {
  override readonly name = 'StoreFailed';
  readonly isRetryable = false;
}

/** The store already holds an account, whose keys exist nowhere else: `open` it, or use another store. */
export class StoreTaken extends SecureChatError {
  override readonly name = 'StoreTaken';
  readonly isRetryable = false;
}

/** For tests, metrics and logs; peers never learn it. */
export type E2eeFault =
  /** malformed: bytes, wire format, kind of message, framing of the plaintext */
  | 'form'
  /** of another group */
  | 'group'
  /** of a different epoch than the state */
  | 'epoch'
  /** opened before, overtaken by a later message of its sender, or too many generations ahead */
  | 'generation'
  /** a leaf could not be authenticated, or became a different device */
  | 'leaf'
  /** valid MLS outside our profile: external commits, standalone proposals, pre-shared keys and the like */
  | 'profile'
  /** expired, of a different suite, or with unsupported extensions */
  | 'key_package'
  /** the device to be added is already a member, or the one to be removed is not */
  | 'member'
  /** the welcome is not for any of our key packages */
  | 'not_for_us'
  /** envelope and ciphertext, or operation and commit, do not belong together */
  | 'binding'
  /** rejected by the cryptography itself */
  | 'cryptography';

/** Input from a peer or the server is unusable. All faults have one message text, so that neither logs nor answers reveal how far a forgery got. */
export class E2eeError extends Error {
  override readonly name = 'E2eeError';
  readonly isRetryable = false;
  readonly fault: E2eeFault;

  constructor(fault: E2eeFault, options?: ErrorOptions) {
    super('this cannot be decrypted or verified', options);
    this.fault = fault;
  }
}

/** The group would exceed the limit of devices (`maxGroupDevices`); not retryable. */
export class TooManyDevices extends Error {
  override readonly name = 'TooManyDevices';
  readonly isRetryable = false;
  readonly devices: number;
  readonly limit: number;

  constructor(devices: number, limit: number) {
    super(`a group holds at most ${limit} devices, not ${devices}`);
    this.devices = devices;
    this.limit = limit;
  }
}

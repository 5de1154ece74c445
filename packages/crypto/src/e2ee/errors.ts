/** For tests, metrics and logs; a peer never learns it. */
export type E2eeFault =
  /** not what it should be: bytes, wire format, kind of message, framing of the plaintext */
  | 'form'
  /** of another group */
  | 'group'
  /** of another epoch than the state */
  | 'epoch'
  /** opened before, overtaken by a later message of its sender, or too many generations ahead */
  | 'generation'
  /** the authentication of a leaf failed, or a leaf became another device */
  | 'leaf'
  /** MLS knows it, the profile does not: external commits, standalone proposals, pre-shared keys and their kin */
  | 'profile'
  /** expired, of another suite, with extensions that nobody asked for */
  | 'key_package'
  /** the device to be added is a member, or the one to be removed is none */
  | 'member'
  /** the welcome is for none of our key packages */
  | 'not_for_us'
  /** envelope and ciphertext, or operation and commit, do not belong together */
  | 'binding'
  /** everything that cryptography itself refuses */
  | 'cryptography';

/**
 * What a peer or the server sent cannot be used. One text for all: whoever sees it, and answers with it, tells nobody how
 * far a forgery came.
 */
export class E2eeError extends Error {
  override readonly name = 'E2eeError';
  readonly isRetryable = false;
  readonly fault: E2eeFault;

  constructor(fault: E2eeFault, options?: ErrorOptions) {
    super('this cannot be decrypted or verified', options);
    this.fault = fault;
  }
}

/** The group would have more devices than its engine allows. */
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

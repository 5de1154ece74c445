import type { Capabilities } from './capabilities.ts';

/** A logged-in device. Everything here was proved or vouched for at login; nothing comes from later frames. */
export type Session = {
  readonly sessionId: string;
  readonly userId: string;
  readonly deviceId: string;
  /** The server's internal numbers of user and device. */
  readonly user: number;
  readonly device: number;
  readonly publicKey: Buffer;
  readonly capabilities: Capabilities;
};

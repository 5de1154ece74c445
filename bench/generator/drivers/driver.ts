// What the load generator needs to know about one kind of server. Users have numbers, messages their places in routes.
import type { Ledger, MakeFrame, Progress } from '../ledger.ts';

/** What all users of a run have seen. */
export class Tally {
  receipts = 0;
  /** Frames that reported others' presence. */
  presences = 0;
  again = 0;
  disordered = 0;
  errors = 0;
  firstError: string | undefined;

  fault(text: string): void {
    this.errors++;
    this.firstError ??= text;
  }
}

export type LineContext = {
  /** Records what becomes of messages, which are identified by numbers in their ids. */
  ledger: Pick<Ledger, 'numberAt' | 'numberOf' | 'noteAck' | 'noteDelivery'>;
  tally: Tally;
  onAck(message: number, progress: Progress): void;
  onDelivery(message: number, progress: Progress): void;
};

/** A user who is online. */
export type Line = {
  send(frame: Uint8Array): void;
  close(): void;
  /** Disconnects without a handshake, and without waiting. */
  destroy(): void;
};

/** Who writes to whom. */
export type Route = { from: number; to: number };

export type Conversations = {
  frame: MakeFrame;
  /** Call it once all senders are online: resolves when they may write. */
  begin(): Promise<void>;
};

export type Driver = {
  /** Creates users who can log in. */
  enrol(users: readonly number[]): Promise<void>;
  /** Resolves when the user is online and has received what was waiting. */
  open(user: number, context: LineContext): Promise<Line>;
  inPairs(routes: readonly Route[]): Conversations;
  /** Route n belongs to the nth member; the first one creates the group. */
  inGroup(members: readonly number[]): Conversations;
};

export type DriverName = 'securechat' | 'relay' | 'socketio';
/** The address of such a server. */
export type Target = {
  driver: DriverName;
  wsUrls: string[];
  /** For SecureChat only. */
  authUrl: string;
};

/** Concurrent logins and requests. */
export const AT_ONCE = 25;

export function urlFor(target: Target, user: number): string {
  return target.wsUrls[user % target.wsUrls.length] ?? '';
}

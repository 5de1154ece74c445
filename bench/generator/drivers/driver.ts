// What the load generator has to know of one kind of server. Users are known by numbers, messages by their places in routes.
import type { Ledger, MakeFrame, Progress } from '../ledger.ts';

/** What all users of a run have seen. */
export class Tally {
  receipts = 0;
  /** Frames that told how others are. */
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
  /** What becomes of messages, which are known by numbers that stand in their ids. */
  ledger: Pick<Ledger, 'numberAt' | 'numberOf' | 'noteAck' | 'noteDelivery'>;
  tally: Tally;
  onAck(message: number, progress: Progress): void;
  onDelivery(message: number, progress: Progress): void;
};

/** A user who is online. */
export type Line = {
  send(frame: Uint8Array): void;
  close(): void;
  /** Without a word, and without waiting. */
  destroy(): void;
};

/** Who writes to whom. */
export type Route = { from: number; to: number };

export type Conversations = {
  frame: MakeFrame;
  /** Once all who write are online: resolves when they may write. */
  begin(): Promise<void>;
};

export type Driver = {
  /** Makes users who can log in. */
  enrol(users: readonly number[]): Promise<void>;
  /** Resolves when the user is online and has got what waited. */
  open(user: number, context: LineContext): Promise<Line>;
  inPairs(routes: readonly Route[]): Conversations;
  /** Route n is that of the nth member; the first one makes the group. */
  inGroup(members: readonly number[]): Conversations;
};

export type DriverName = 'securechat' | 'relay' | 'socketio';
/** Where a server of this kind is. */
export type Target = {
  driver: DriverName;
  wsUrls: string[];
  /** Only of SecureChat. */
  authUrl: string;
};

/** Logins, and questions to a server, at once. */
export const AT_ONCE = 25;

export function urlFor(target: Target, user: number): string {
  return target.wsUrls[user % target.wsUrls.length] ?? '';
}

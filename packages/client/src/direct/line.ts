import type { EarlySaid } from './early.ts';
import { Session, type SessionParts } from './session.ts';
import { newSessionId, type Signal, type SignalBody, type SignalHead } from './signals.ts';

export type Path = 'direct' | 'relay';

export type LineParts = Pick<SessionParts, 'core' | 'clock' | 'makePeer' | 'servers'> & {
  readonly userId: string;
  /** The conversation with this user, while both may connect directly in it. */
  conversation(): string | undefined;
  /** Resolves with the id of the signal sent to the server; rejects without a connection. */
  signal(line: Line, head: SignalHead, body: SignalBody): Promise<void>;
  heard(conversationId: string, deviceId: string, said: EarlySaid): Promise<void>;
  failed(error: unknown): void;
  path(path: Path): void;
};

/** The server keeps an unanswered offer this long; no other is made before. */
const ASK_MS = 60_000;

/**
 * The state between this device and one other user: nothing, an offer awaiting an answer, or a session.
 *
 * When both offer at once, the offer of the user whose id sorts first wins: its maker waits, and the other one answers.
 */
export class Line {
  path: Path = 'relay';
  readonly #parts: LineParts;
  #asking: { readonly sessionId: string; cancel(): void } | undefined;
  #session: Session | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: LineParts) {
    this.#parts = parts;
  }

  /** A message was sent or may soon be: offers a connection, unless it did so a moment ago. */
  want(): void {
    const { clock } = this.#parts;
    const conversationId = this.#parts.conversation();
    if (conversationId === undefined || this.#asking || this.#session) return;
    if (clock.monotonicMs() - this.#askedAtMs < ASK_MS) return;
    this.#askedAtMs = clock.monotonicMs();
    const sessionId = newSessionId();
    this.#asking = { sessionId, cancel: clock.after(ASK_MS, () => this.#stopAsking()) };
    this.#ask(conversationId, sessionId);
  }

  #ask(conversationId: string, sessionId: string): void {
    const head = { type: 'p2p_offer', to: this.#parts.userId, conversationId, sessionId } as const;
    this.#parts.signal(this, head, {}).catch((error: unknown) => {
      this.#stopAsking();
      this.#parts.failed(error);
    });
  }

  /** Allows a new offer at once after a connection was lost. */
  wantAgain(): void {
    this.#askedAtMs = Number.NEGATIVE_INFINITY;
    this.want();
  }

  async say(said: EarlySaid): Promise<void> {
    if (this.#session) await this.#session.say(said);
    else this.want();
  }

  /** Takes a decrypted signal, which is therefore from a device of this user. */
  take(signal: Signal, body: SignalBody): void {
    const { type, session_id: sessionId, device_id: deviceId } = signal;
    if (type === 'p2p_offer' && signal.to_device === undefined) return this.#called(signal);
    const session = this.#session;
    if (session && this.#isOf(session, sessionId, deviceId)) return session.take(type, body);
    if (this.#asking?.sessionId !== sessionId || signal.to_device !== this.#parts.core.own.deviceId) return;
    if (type === 'p2p_answer') this.#begin(signal, true);
    if (type === 'p2p_bye') this.#stopAsking();
  }

  /** The server refused a signal: the offer, or one that would continue the session. */
  refused(): void {
    this.#stopAsking();
    this.#session?.end();
  }

  /** Tells the other end, so that it does not wait. */
  hangUp(): void {
    this.#stopAsking();
    if (!this.#session) return;
    const { id, other, conversationId } = this.#session.place;
    this.#signal(id, other.deviceId, conversationId, 'p2p_bye', {}).catch(this.#parts.failed);
    this.#session.end();
  }

  #called(signal: Signal): void {
    const { core, userId } = this.#parts;
    const { session_id: sessionId, device_id: deviceId } = signal;
    const isTheirs = this.#session?.place.other.deviceId === deviceId;
    if (this.#session?.place.id === sessionId || this.#parts.conversation() !== signal.conversation_id)
      return;
    // another of their devices is connected already, or the same one has restarted
    if (this.#session?.state === 'open' && !isTheirs) return;
    // they may have allowed it only after our offer arrived
    if (this.#asking && core.own.userId < userId)
      return this.#ask(signal.conversation_id, this.#asking.sessionId);
    this.#session?.end();
    this.#stopAsking();
    const answered = this.#signal(sessionId, deviceId, signal.conversation_id, 'p2p_answer', {});
    this.#begin(signal, false);
    answered.catch((error: unknown) => {
      this.#parts.failed(error);
      this.#session?.end();
    });
  }

  #begin(
    { session_id: id, device_id: deviceId, conversation_id: conversationId }: Signal,
    isCaller: boolean,
  ): void {
    this.#stopAsking();
    const { userId, heard, failed } = this.#parts;
    const session = new Session({
      ...this.#parts,
      ...{ id, conversationId, isCaller, other: { userId, deviceId }, failed },
      signal: (type, body) => this.#signal(id, deviceId, conversationId, type, body),
      heard: (said) => heard(conversationId, deviceId, said),
      changed: () => this.#look(),
      ended: () => {
        if (this.#session === session) this.#session = undefined;
        this.#look();
      },
    });
    this.#session = session;
    session.begin();
  }

  #signal(
    sessionId: string,
    toDevice: string,
    conversationId: string,
    type: SignalHead['type'],
    body: SignalBody,
  ): Promise<void> {
    return this.#parts.signal(
      this,
      { type, to: this.#parts.userId, toDevice, conversationId, sessionId },
      body,
    );
  }

  #isOf({ place: { id, other } }: Session, sessionId: string, deviceId: string): boolean {
    return id === sessionId && other.deviceId === deviceId;
  }

  #stopAsking(): void {
    this.#asking?.cancel();
    this.#asking = undefined;
  }

  #look(): void {
    const path = this.#session?.state === 'open' ? 'direct' : 'relay';
    if (path === this.path) return;
    this.path = path;
    this.#parts.path(path);
  }
}

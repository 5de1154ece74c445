import {
  type Downstream,
  encodeUpstream,
  MAX_PRESENCE_SUBSCRIPTIONS,
  MAX_TYPING_SECONDS,
} from '@securechat/protocol';
import type {
  Presence as Api,
  Client,
  PersonStatus,
  PresenceEvents,
  PresencePrivacy,
  Status,
} from '../api/index.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Connection } from '../connection/connection.ts';
import { SecureChatError } from '../errors.ts';
import { Emitter } from '../events.ts';
import { insidesOf } from '../runtime/insides.ts';

const TYPING_MS = MAX_TYPING_SECONDS * 1000;
/** Repeats before it expires for the others, allowing for transit. */
const TELL_AGAIN_MS = 3_000;
/** A user who has just replied may have become visible, so the server is asked again, at most this often. */
const ASK_AGAIN_MS = 5_000;
const OFFLINE: PersonStatus = { status: 'offline' };

export type PresenceParts = {
  connection: Connection;
  ownId: string;
  /** The server reports who is typing; only members, by the conversation's keys, may be shown. */
  isMember(conversationId: string, userId: string): boolean;
  /** Calls the listener with the author of every received message. */
  onHeard(listener: (userId: string) => void): void;
  signal: AbortSignal;
  clock?: Clock;
};

export function presenceOf(client: Client): Presence {
  const { connection, stopping } = insidesOf(client);
  return new Presence({
    ...{ connection, ownId: client.me.userId, signal: stopping.signal },
    isMember: (id, userId) => client.conversation(id)?.memberIds.includes(userId) === true,
    onHeard: (listener) =>
      client.on('message', ({ message, isNew }) => isNew && !message.isOwn && listener(message.from)),
  });
}

/** Repeats what the app wants on each connection; without one everybody is offline. */
export class Presence implements Api {
  readonly #parts: PresenceParts;
  readonly #clock: Clock;
  readonly #events = new Emitter<PresenceEvents>();
  #shown: Status | undefined;
  #watched: readonly string[] = [];
  #people = new Map<string, PersonStatus>();
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #cancelAsking: (() => void) | undefined;
  /** When typing was last reported, by conversation. */
  readonly #toldAtMs = new Map<string, number>();
  /** Cancels the expiry, by conversation and user. */
  readonly #typists = new Map<string, Map<string, () => void>>();

  constructor(parts: PresenceParts) {
    this.#parts = parts;
    this.#clock = parts.clock ?? systemClock;
    parts.connection.on('state', (state) => {
      if (state === 'connected') return this.#connected();
      if (state === 'disconnected') this.#lost();
    });
    parts.connection.on('message', (message) => this.#take(message));
    parts.onHeard((userId) => this.#heard(userId));
    parts.signal.addEventListener('abort', () => {
      this.#forgetTypists();
      this.#cancelAsking?.();
    });
  }

  on<E extends keyof PresenceEvents>(event: E, listener: (value: PresenceEvents[E]) => void): () => void {
    return this.#events.on(event, listener);
  }

  show(status: Status): void {
    if (status === this.#shown) return;
    this.#shown = status;
    this.#say();
  }

  watch(userIds: readonly string[]): void {
    const wanted = [...new Set(userIds)];
    if (wanted.length > MAX_PRESENCE_SUBSCRIPTIONS)
      throw new RangeError(`at most ${MAX_PRESENCE_SUBSCRIPTIONS} people can be watched`);
    if (wanted.length === this.#watched.length && wanted.every((id) => this.#watched.includes(id))) return;
    this.#watched = wanted;
    for (const userId of this.#people.keys()) if (!wanted.includes(userId)) this.#people.delete(userId);
    this.#ask();
  }

  of(userId: string): PersonStatus {
    return this.#people.get(userId) ?? OFFLINE;
  }

  async privacy(change: Partial<PresencePrivacy> = {}): Promise<PresencePrivacy> {
    const { connection, signal } = this.#parts;
    const { statusTo: status_to, lastSeen: last_seen } = change;
    const question = { ...(status_to ? { status_to } : {}), ...(last_seen ? { last_seen } : {}) };
    const answer = await connection.request('presence_privacy', question, { signal });
    return { statusTo: answer.status_to, lastSeen: answer.last_seen };
  }

  typing(conversationId: string, isTyping: boolean): void {
    const toldAtMs = this.#toldAtMs.get(conversationId) ?? Number.NEGATIVE_INFINITY;
    const nowMs = this.#clock.monotonicMs();
    const isKnown = nowMs - toldAtMs < (isTyping ? TELL_AGAIN_MS : TYPING_MS);
    // recently reported, or already expired for the others
    if (isKnown === isTyping || !this.#isServed) return;
    if (isTyping) this.#toldAtMs.set(conversationId, nowMs);
    else this.#toldAtMs.delete(conversationId);
    const expires_at = Math.ceil((this.#clock.now() + TYPING_MS) / 1000);
    const message = { type: 'typing', chat_id: conversationId, typing: isTyping, expires_at } as const;
    this.#parts.connection.send(encodeUpstream('typing', message));
  }

  typists(conversationId: string): readonly string[] {
    return [...(this.#typists.get(conversationId)?.keys() ?? [])];
  }

  get #isServed(): boolean {
    return this.#parts.connection.session?.capabilities.includes('presence') === true;
  }

  #connected(): void {
    this.#toldAtMs.clear();
    this.#say();
    if (this.#watched.length > 0) this.#ask();
  }

  #say(): void {
    if (this.#shown === undefined || !this.#isServed) return;
    this.#parts.connection.send(encodeUpstream('presence', { type: 'presence', status: this.#shown }));
  }

  #heard(userId: string): void {
    if (this.#cancelAsking || !this.#watched.includes(userId) || this.of(userId).status !== 'offline') return;
    const inMs = Math.max(0, this.#askedAtMs + ASK_AGAIN_MS - this.#clock.monotonicMs());
    this.#cancelAsking = this.#clock.after(inMs, () => this.#ask());
  }

  #ask(): void {
    const { connection, signal } = this.#parts;
    this.#cancelAsking?.();
    this.#cancelAsking = undefined;
    if (!this.#isServed || signal.aborted) return;
    this.#askedAtMs = this.#clock.monotonicMs();
    const wanted = this.#watched;
    connection.request('presence_subscribe', { user_ids: [...wanted] }, { signal }).then(
      ({ states }) => {
        if (wanted !== this.#watched) return;
        for (const { user_id, status, last_seen } of states)
          this.#set(user_id, {
            status,
            ...(last_seen === undefined ? {} : { lastSeenMs: last_seen * 1000 }),
          });
      },
      (error: unknown) => {
        // states stay as they are until the next connection or list
        if (!(error instanceof SecureChatError || signal.aborted)) throw error;
      },
    );
  }

  #take(message: Downstream): void {
    if (message.type === 'presence') {
      if (this.#watched.includes(message.user_id)) this.#set(message.user_id, { status: message.status });
    } else if (message.type === 'typing') this.#writes(message);
  }

  #set(userId: string, now: PersonStatus): void {
    const before = this.of(userId);
    this.#people.set(userId, now);
    if (before.status !== now.status || before.lastSeenMs !== now.lastSeenMs)
      this.#events.emit('status', { userId, ...now });
  }

  #writes({ chat_id: conversationId, user_id: userId, typing }: Downstream<'typing'>): void {
    const { ownId, isMember } = this.#parts;
    if (userId === ownId || !isMember(conversationId, userId)) return;
    const typists = this.#typists.get(conversationId) ?? new Map<string, () => void>();
    this.#typists.set(conversationId, typists);
    const before = typists.get(userId);
    before?.();
    if (!typing) return this.#stops(conversationId, userId);
    // by this device's clock, whatever time the server gives
    typists.set(
      userId,
      this.#clock.after(TYPING_MS, () => this.#stops(conversationId, userId)),
    );
    if (!before) this.#events.emit('typing', { conversationId, userId, isTyping: true });
  }

  #stops(conversationId: string, userId: string): void {
    const typists = this.#typists.get(conversationId);
    typists?.get(userId)?.();
    if (!typists?.delete(userId)) return;
    if (typists.size === 0) this.#typists.delete(conversationId);
    this.#events.emit('typing', { conversationId, userId, isTyping: false });
  }

  #lost(): void {
    this.#forgetTypists();
    for (const [userId, { status }] of this.#people) if (status !== 'offline') this.#set(userId, OFFLINE);
  }

  #forgetTypists(): void {
    for (const [conversationId, typists] of [...this.#typists])
      for (const userId of [...typists.keys()]) this.#stops(conversationId, userId);
  }
}

import { E2eeError } from '@securechat/crypto/e2ee';
import type { Downstream } from '@securechat/protocol';
import type { Client, Conversation, Message } from '../api/index.ts';
import { type Clock, systemClock } from '../clock.ts';
import { compact } from '../content/shape.ts';
import { readEntry } from '../conversations/timeline/reading.ts';
import { lineOf } from '../conversations/view/line-of.ts';
import { NotConnected } from '../errors.ts';
import { Emitter } from '../events.ts';
import { insidesOf } from '../runtime/insides.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { browserPeer } from './browser-peer.ts';
import { EarlyLines, type EarlySaid } from './early.ts';
import { IceServers } from './ice-servers.ts';
import { Line, type Path } from './line.ts';
import type { IceServer, MakePeer } from './peer.ts';
import { openSignal, type Signal, type SignalBody, type SignalHead, sealSignal } from './signals.ts';

export type DirectOptions = {
  /** Default: the browser's own. On Node `await nodePeers()` of `@securechat/client/node`. */
  makePeer?: MakePeer;
  /** STUN and TURN servers to use instead of the deployment's. An empty list uses none, so only addresses in the local network are found. */
  iceServers?: readonly IceServer[];
};

export type DirectEvents = {
  /** How new messages with this user travel first. They all go through the server as well. */
  path: { readonly userId: string; readonly path: Path };
  /** An attempt failed, or incoming data was ignored. Messages are not affected. */
  failure: { readonly userId: string; readonly error: unknown };
};

/**
 * Direct connections of this device, in direct conversations. Each end learns the other's network address, so both users must allow it
 * first. Every message also goes through the server; a direct connection only shows it earlier.
 */
export interface Direct {
  on<E extends keyof DirectEvents>(event: E, listener: (value: DirectEvents[E]) => void): () => void;
  /** Whether this device may connect directly to this user, who must allow it too. Remembered; default false. */
  allow(userId: string, isAllowed: boolean): Promise<void>;
  isAllowed(userId: string): boolean;
  path(userId: string): Path;
  /** Ends all connections and makes no new ones. */
  close(): void;
}

const PREFIX = 'direct/';
const MAX_REMEMBERED = 256;
/** Own lines searched for the preceding one. */
const LOOK_BACK = 50;

/** Call it once per client. Contacts nobody until a user is allowed. */
export async function openDirect(client: Client, options: DirectOptions = {}): Promise<Direct> {
  const runtime = insidesOf(client);
  const allowed = await runtime.core.store.list(PREFIX);
  return new DirectLines(
    client,
    runtime,
    options,
    allowed.map(([key]) => key.slice(PREFIX.length)),
  );
}

class DirectLines implements Direct {
  readonly #client: Client;
  readonly #runtime: Runtime;
  readonly #makePeer: MakePeer;
  readonly #servers: IceServers;
  readonly #early: EarlyLines;
  readonly #clock: Clock = systemClock;
  readonly #events = new Emitter<DirectEvents>();
  readonly #allowed: Set<string>;
  readonly #lines = new Map<string, Line>();
  /** The newest own line of each conversation. */
  readonly #newest = new Map<string, string>();
  /** Signals in flight by id, because the server refuses them by id. */
  readonly #signals = new Map<string, Line>();
  readonly #takenSessions = new Set<string>();
  readonly #leaving: (() => void)[];
  #saying: Promise<void> = Promise.resolve();
  #taking: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(client: Client, runtime: Runtime, options: DirectOptions, allowed: readonly string[]) {
    this.#client = client;
    this.#runtime = runtime;
    this.#makePeer = options.makePeer ?? browserPeer;
    this.#servers = new IceServers(runtime.connection, options.iceServers);
    this.#early = new EarlyLines(runtime.core);
    this.#allowed = new Set(allowed);
    const { signal } = runtime.stopping;
    const close = (): void => this.close();
    signal.addEventListener('abort', close);
    this.#leaving = [
      () => signal.removeEventListener('abort', close),
      client.on('message', (told) => this.#told(told)),
      client.on('conversation', ({ peer }) => peer !== undefined && this.#look(peer)),
      runtime.connection.on('message', (message) => this.#take(message)),
      runtime.on('caughtUp', () => this.#wantAll()),
    ];
    if (client.state === 'connected') this.#wantAll();
  }

  on<E extends keyof DirectEvents>(event: E, listener: (value: DirectEvents[E]) => void): () => void {
    return this.#events.on(event, listener);
  }

  async allow(userId: string, isAllowed: boolean): Promise<void> {
    const key = PREFIX + userId;
    await this.#runtime.core.store.write([
      isAllowed ? { put: key, value: new Uint8Array() } : { delete: key },
    ]);
    if (!isAllowed) {
      this.#allowed.delete(userId);
      this.#lines.get(userId)?.hangUp();
      return;
    }
    this.#allowed.add(userId);
    this.#lineWith(userId).wantAgain();
  }

  isAllowed(userId: string): boolean {
    return this.#allowed.has(userId);
  }

  path(userId: string): Path {
    return this.#lines.get(userId)?.path ?? 'relay';
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const leave of this.#leaving) leave();
    for (const line of this.#lines.values()) line.hangUp();
  }

  #wantAll(): void {
    for (const userId of this.#allowed) this.#lineWith(userId).wantAgain();
  }

  #lineWith(userId: string): Line {
    const known = this.#lines.get(userId);
    if (known) return known;
    const { core, stopping } = this.#runtime;
    const line = new Line({
      ...{ core, clock: this.#clock, makePeer: this.#makePeer, userId },
      servers: () => this.#servers.list(stopping.signal),
      conversation: () => this.#conversationWith(userId)?.id,
      signal: (from, head, body) => this.#signal(from, head, body),
      heard: async (conversationId, deviceId, said) => {
        if (this.#conversationWith(userId)?.id !== conversationId) return;
        await this.#early.show(conversationId, { userId, deviceId }, said);
      },
      failed: (error) => this.#failed(userId, error),
      path: (path) => this.#events.emit('path', { userId, path }),
    });
    this.#lines.set(userId, line);
    return line;
  }

  /** The conversation for direct contact: this user allows it, knows the other and still trusts the other's key. */
  #conversationWith(userId: string): Conversation | undefined {
    if (this.#isClosed || !this.#allowed.has(userId) || this.#runtime.core.people.isChanged(userId))
      return undefined;
    return this.#client
      .conversations()
      .find(
        ({ peer, isMember, isRequest, isBlocked }) => peer === userId && isMember && !isRequest && !isBlocked,
      );
  }

  /** Re-checks after a block, or after leaving the conversation. */
  #look(userId: string): void {
    const line = this.#lines.get(userId);
    if (line?.path === 'direct' && !this.#conversationWith(userId)) line.hangUp();
  }

  async #signal(line: Line, head: SignalHead, body: SignalBody): Promise<void> {
    const { core, connection } = this.#runtime;
    const { id, frame } = await sealSignal(core, head, body);
    this.#signals.set(id, line);
    forgetOldest(this.#signals);
    if (!connection.send(frame)) throw new NotConnected('without the server nobody can be called');
  }

  #take(message: Downstream): void {
    switch (message.type) {
      case 'p2p_offer':
      case 'p2p_answer':
      case 'p2p_candidate':
      case 'p2p_bye':
        this.#taking = this.#taking.then(() => this.#open(message));
        return;
      case 'error': {
        const refused = this.#signals.get(message.reference_id ?? '');
        if (refused && message.error_code !== 'NETWORK_TIMEOUT') refused.refused();
      }
    }
  }

  async #open(signal: Signal): Promise<void> {
    const userId = signal.from;
    // to a user who is not allowed it looks as if nobody were there
    if (this.#conversationWith(userId)?.id !== signal.conversation_id) return;
    try {
      const body = await openSignal(this.#runtime.core, signal);
      if (this.#isNew(signal)) this.#lineWith(userId).take(signal, body);
    } catch (error) {
      this.#failed(userId, error);
    }
  }

  /** An offer that the server replays is not answered again. */
  #isNew({ type, session_id, to_device }: Signal): boolean {
    if (type !== 'p2p_offer' || to_device !== undefined) return true;
    if (this.#takenSessions.has(session_id)) return false;
    this.#takenSessions.add(session_id);
    forgetOldest(this.#takenSessions);
    return true;
  }

  #told({
    conversation,
    message,
    isNew,
  }: {
    conversation: Conversation;
    message: Message;
    isNew: boolean;
  }): void {
    const { id, peer } = conversation;
    if (message.place !== undefined) this.#early.settled(id, message.id);
    const isOwn = message.isOwn && message.deviceId === this.#client.me.deviceId;
    if (!isNew || !isOwn || peer === undefined || this.#conversationWith(peer)?.id !== id) return;
    this.#saying = this.#saying
      .then(() => this.#say(peer, conversation, message))
      .catch((error: unknown) => this.#failed(peer, error));
  }

  async #say(userId: string, conversation: Conversation, { id }: Message): Promise<void> {
    const found = await readEntry(this.#runtime.core.store, conversation.id, id);
    if (found?.entry.body.type !== 'text' && found?.entry.body.type !== 'file') return;
    const after =
      this.#newest.get(conversation.id) ?? (await ownLineBefore(conversation, id, this.#client.me.deviceId));
    this.#newest.set(conversation.id, id);
    const { body, replyTo, threadId, expiresAt } = found.entry;
    const content = { ...lineOf(body), ...compact({ replyTo, threadId, expiresAt }) };
    await this.#lineWith(userId).say(compact({ id, after, content }) as EarlySaid);
  }

  #failed(userId: string, error: unknown): void {
    if (error instanceof E2eeError && error.fault !== 'epoch')
      this.#runtime.core.tell.alarm({
        ...{ type: 'bad-signature', userId, detail: 'something direct that is not by whom it says' },
      });
    if (!this.#isClosed) this.#events.emit('failure', { userId, error });
  }
}

async function ownLineBefore(
  conversation: Conversation,
  id: string,
  deviceId: string,
): Promise<string | undefined> {
  const lines = await conversation.messages({ before: id, limit: LOOK_BACK });
  const isLine = ({ isOwn, deviceId: by, body }: Message): boolean =>
    isOwn && by === deviceId && (body.type === 'text' || body.type === 'file');
  return lines.findLast(isLine)?.id;
}

function forgetOldest(remembered: Set<string> | Map<string, unknown>): void {
  const [oldest] = remembered.keys();
  if (remembered.size > MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
}

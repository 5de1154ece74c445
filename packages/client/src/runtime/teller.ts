import type { Alarm, ClientEvents, Profile, Stats } from '../api/index.ts';
import type { Outsider, Teller } from '../conversations/core.ts';
import type { ConversationView } from '../conversations/view/conversation.ts';
import type { Emitter } from '../events.ts';
import { StoreClosed } from '../storage/errors.ts';

/** Resolves what an event is about, and acts on what own devices send. */
export type Audience = {
  conversation(id: string): ConversationView | undefined;
  refresh(view: ConversationView): Promise<void>;
  own(): void;
  lettingIn(outsider: Outsider | undefined): void;
};

/** Turns durable changes into client events, in order, and counts them. */
export class EventTeller implements Teller {
  readonly #events: Emitter<ClientEvents>;
  readonly #counts = { undecryptable: 0, repairsAsked: 0, repairsAnswered: 0, repaired: 0 };
  readonly #alarms: Partial<Record<Alarm['type'], number>> = {};
  /** One at a time: an event reads the line it concerns, and events of one line must not overtake each other. */
  #telling: Promise<void> = Promise.resolve();
  #audience: Audience | undefined;

  constructor(events: Emitter<ClientEvents>) {
    this.#events = events;
  }

  /** Nothing is reported before. */
  begin(audience: Audience): void {
    this.#audience = audience;
  }

  get stats(): Stats {
    return { ...this.#counts, alarms: { ...this.#alarms } };
  }

  message(conversationId: string, messageId: string, isNew: boolean): void {
    this.#tell(conversationId, async (conversation) => {
      const message = await conversation.message(messageId);
      if (message) this.#events.emit('message', { conversation, message, isNew });
      this.#events.emit('conversation', conversation);
      if (message?.threadId !== undefined && isNew) await this.#thread(conversation, message.threadId);
    });
  }

  vanished(conversationId: string, messageId: string, threadId?: string): void {
    this.#tell(conversationId, (conversation) => this.#events.emit('vanished', { conversation, messageId }));
    if (threadId !== undefined) this.thread(conversationId, threadId);
  }

  thread(conversationId: string, threadId: string): void {
    this.#tell(conversationId, (conversation) => this.#thread(conversation, threadId));
  }

  async #thread(conversation: ConversationView, threadId: string): Promise<void> {
    this.#events.emit('thread', { conversation, thread: await conversation.thread(threadId) });
  }

  receipt(conversationId: string, userId: string): void {
    this.#tell(conversationId, (conversation) => this.#events.emit('receipt', { conversation, userId }));
  }

  alarm(alarm: Alarm): void {
    this.#alarms[alarm.type] = (this.#alarms[alarm.type] ?? 0) + 1;
    this.#events.emit('alarm', alarm);
  }

  count(event: Parameters<Teller['count']>[0]): void {
    this.#counts[event] += 1;
  }

  profile(userId: string, profile: Profile): void {
    this.#events.emit('profile', { userId, profile });
  }

  own(): void {
    this.#audience?.own();
  }

  devices(): void {
    this.#events.emit('devices', undefined);
  }

  lettingIn(outsider?: Outsider): void {
    this.#audience?.lettingIn(outsider);
  }

  settled(): Promise<void> {
    return this.#telling;
  }

  #tell(conversationId: string, work: (conversation: ConversationView) => unknown): void {
    const told = this.#telling.then(async () => {
      const conversation = this.#audience?.conversation(conversationId);
      if (!conversation) return;
      await this.#audience?.refresh(conversation);
      await work(conversation);
    });
    this.#telling = told.catch((error: unknown) => {
      // the store was closed meanwhile, and whoever closed it wants no more events
      if (!(error instanceof StoreClosed)) this.#events.emit('ended', error as Error);
    });
  }
}

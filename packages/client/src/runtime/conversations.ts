import type { ClientEvents, WaitOptions } from '../api/index.ts';
import { newId } from '../conversations/ids.ts';
import { CannotDo } from '../conversations/operations/built.ts';
import { type CreateIntent, type Place, UNKNOWN_HEAD } from '../conversations/operations/group_create.ts';
import { perform } from '../conversations/outgoing/perform.ts';
import type { ConversationRecord } from '../conversations/record.ts';
import { ConversationView, type ViewParts } from '../conversations/view/conversation.ts';
import { ownConversationOf } from '../conversations/view/own-marks.ts';
import { ServerRefused } from '../errors.ts';
import type { Emitter } from '../events.ts';
import type { Runtime, RuntimeEvents } from './runtime.ts';

/** The conversations as apps see them, and ways to start one. */
export class Conversations {
  readonly #runtime: Runtime;
  readonly #parts: ViewParts;
  readonly #events: Emitter<ClientEvents>;
  readonly #views = new Map<string, ConversationView>();

  constructor(runtime: Runtime, parts: ViewParts, events: Emitter<ClientEvents>) {
    this.#runtime = runtime;
    this.#events = events;
    this.#parts = parts;
  }

  static async load(
    runtime: Runtime,
    parts: ViewParts,
    events: Emitter<ClientEvents>,
  ): Promise<Conversations> {
    const conversations = new Conversations(runtime, parts, events);
    for (const view of conversations.all()) await conversations.refresh(view);
    runtime.on('changed', (change) => conversations.#changed(change));
    return conversations;
  }

  get(id: string): ConversationView | undefined {
    const record = this.#runtime.core.registry.get(id);
    return record?.purpose === 'people' ? this.view(id) : undefined;
  }

  all(): ConversationView[] {
    const records = this.#runtime.core.registry.all().filter(({ purpose }) => purpose === 'people');
    return records.sort((a, b) => b.activeAtMs - a.activeAtMs).map(({ id }) => this.view(id));
  }

  view(id: string): ConversationView {
    const known = this.#views.get(id) ?? new ConversationView(id, this.#parts);
    this.#views.set(id, known);
    return known;
  }

  async refresh(view: ConversationView): Promise<void> {
    view.last = await this.#parts.reading.last(view.id);
  }

  /** Reports what a step changed that matters to lists of conversations. */
  #changed({ record, before }: RuntimeEvents['changed']): void {
    if (record.purpose !== 'people') return;
    const view = this.view(record.id);
    const isNews =
      before === undefined ||
      before.log.roles !== record.log.roles ||
      ['name', 'membership', 'parted', 'isRequest', 'isMuted', 'unread'].some(
        (field) => before[field as keyof ConversationRecord] !== record[field as keyof ConversationRecord],
      );
    if (isNews) this.#events.emit('conversation', view);
    if (record.isRequest && isNewsOf(record, before)) this.#events.emit('request', view);
  }

  async direct(userId: string, wait?: WaitOptions): Promise<ConversationView> {
    const { core } = this.#runtime;
    if (userId === core.own.userId) throw new CannotDo('you cannot chat with yourself');
    const known = core.registry.all().find(({ peer, purpose }) => peer === userId && purpose === 'people');
    if (known?.membership === 'member') return this.view(known.id);
    return this.#with(userId, await this.#makeDirect(known?.id, this.#intentFor(userId), wait));
  }

  /** Restarts a direct conversation whose keys this device lacks, from the state reported by the server. */
  async startOver(id: string, userId: string, told: Place): Promise<void> {
    await this.#perform(id, { ...this.#intentFor(userId), isRestart: true, told });
  }

  #intentFor(userId: string): CreateIntent {
    const users = [this.#runtime.core.own.userId, userId].sort();
    return { type: 'group_create', kind: 'direct', purpose: 'people', users };
  }

  async #makeDirect(
    known: string | undefined,
    intent: CreateIntent,
    wait: WaitOptions | undefined,
  ): Promise<ConversationView> {
    try {
      const again = known === undefined ? {} : { isRestart: true };
      return await this.#create(known ?? newId('c_'), { ...intent, ...again }, wait);
    } catch (error) {
      const winner = error instanceof ServerRefused ? error.answer.conversation_id : undefined;
      if (winner === undefined) throw error;
      return this.#joinWinner(winner, intent, error as ServerRefused, wait);
    }
  }

  /** The server names the conversation that won the race. It could name one with somebody else, who would then read what is meant for this user. */
  #with(userId: string, view: ConversationView): ConversationView {
    const record = this.#runtime.core.registry.get(view.id);
    const isTheirs = record?.purpose === 'people' && record.log.kind === 'direct' && record.peer === userId;
    if (!isTheirs) throw new CannotDo(`the server named a conversation that is not with ${userId}`);
    return view;
  }

  createGroup(
    { name, members }: { name?: string; members: readonly string[] },
    wait?: WaitOptions,
  ): Promise<ConversationView> {
    const users = [...new Set([this.#runtime.core.own.userId, ...members])];
    const named = name === undefined || name === '' ? {} : { name };
    const intent = { type: 'group_create', kind: 'group', purpose: 'people', users, ...named } as const;
    return this.#create(newId('c_'), intent, wait);
  }

  /** The conversation among own devices, in which they tell each other things. */
  async own(): Promise<string> {
    const { registry, own } = this.#runtime.core;
    const known = ownConversationOf(registry);
    if (known) return known.id;
    const id = newId('c_');
    await this.#perform(id, { type: 'group_create', kind: 'group', purpose: 'own', users: [own.userId] });
    return id;
  }

  async #create(id: string, intent: CreateIntent, wait: WaitOptions | undefined): Promise<ConversationView> {
    await this.#perform(id, intent, wait);
    return this.view(id);
  }

  #perform(id: string, intent: CreateIntent, wait?: WaitOptions): Promise<void> {
    const { core, outcomes } = this.#runtime;
    return perform(core, outcomes, id, intent, wait);
  }

  /** Both sides created it at once. If no Welcome arrives, this device was not included and restarts it. */
  async #joinWinner(
    id: string,
    intent: CreateIntent,
    refusal: ServerRefused,
    wait: WaitOptions | undefined,
  ): Promise<ConversationView> {
    // loaded on first use: races are rare
    const { appears } = await import('./lost-race.ts');
    if (await appears(this.#runtime, this.#events, id)) return this.view(id);
    const { epoch = 0, generation = 0 } = refusal.answer;
    const told = { generation, epoch, head: UNKNOWN_HEAD };
    return this.#create(id, { ...intent, isRestart: true, told }, wait);
  }
}

/** Joining a group by a link also starts a direct conversation, which contains nothing visible. */
const isNewsOf = ({ log, unread, readThrough }: ConversationRecord, before?: ConversationRecord): unknown =>
  log.kind === 'group' ? !before : unread && !before?.unread && !readThrough;

import type {
  Client,
  Conversation,
  Presence,
  SecureChatError,
  SendOptions,
  Status,
} from '@securechat/client';
import type { MakePeer } from '@securechat/client/direct';
import { adviceOf, CommandFailed, isAbsence, shortFailure } from '../failures.ts';
import { commands } from './commands/index.ts';
import { DirectLines } from './direct-lines.ts';
import { type Entry, edited, emptyEntry, meaningOf } from './editing.ts';
import { Labels } from './labels.ts';
import { newest, PAGE } from './newest.ts';
import { firstSnapshot, isListed, type Snapshot } from './snapshot.ts';
import { peersOf, standingOf } from './standing.ts';
import { TuiTransfers } from './transfers.ts';

/** Lines of a message are few: a step never goes beyond what a screen shows. */
export const SCROLL_STEP = 5;
const MAX_ALARMS = 100;

/** What the messenger knows and does; what draws it only looks at `snapshot`. */
export class Messenger {
  readonly client: Client;
  readonly labels = new Labels();
  readonly transfers = new TuiTransfers(() => this.#change({ transfers: this.transfers.lines() }));
  readonly direct: DirectLines;
  #shown: Snapshot;
  #isRefreshing = false;
  #isStale = false;
  #presence: Presence | undefined;
  /** Why there was no connection, as it was told last. */
  #failure: string | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(client: Client, peers: () => Promise<MakePeer>) {
    this.client = client;
    this.#shown = firstSnapshot(client);
    this.direct = new DirectLines(client, peers, () => this.#lookAtOthers());
    this.#listen(client);
    this.open(this.#shown.conversations[0]?.id);
    this.attempt(() => this.#watch(client));
  }

  /** From now on others see that one is there, and one sees those with whom one talks. */
  async #watch(client: Client): Promise<void> {
    const presence = await client.presence();
    this.#presence = presence;
    presence.show('online');
    presence.on('status', () => this.#lookAtOthers());
    presence.on('typing', () => this.#lookAtOthers());
    client.on('conversation', () => presence.watch(peersOf(client)));
    presence.watch(peersOf(client));
  }

  #lookAtOthers(): void {
    const { open } = this.#shown;
    if (!open) return;
    const there = this.#presence ? standingOf(this.#presence, open) : '';
    const path = this.direct.pathTo(open.peer);
    this.#change({ standing: [there, path].filter((each) => each !== '').join(', ') });
  }

  /** How one is shown to others. */
  async be(status: Status): Promise<void> {
    (await this.client.presence()).show(status);
  }

  #listen(client: Client): void {
    client.on('state', (state) => {
      if (state === 'connected') this.#failure = undefined;
      this.#change({ state });
    });
    client.on('failure', ({ error }) => this.#tellFailure(error));
    client.on('outbox', ({ waiting }) => this.#change({ waiting }));
    client.on('ended', (error) => this.#change({ ended: shortFailure(error), notice: adviceOf(error) }));
    client.on('alarm', (alarm) =>
      this.#change({ alarms: [...this.#shown.alarms, alarm].slice(-MAX_ALARMS) }),
    );
    client.on('request', ({ peer }) => this.#change({ notice: `${peer ?? 'Somebody'} would like to talk.` }));
    for (const event of ['conversation', 'message', 'vanished', 'receipt'] as const)
      client.on(event, () => this.refresh());
    // what is said in threads does not stand in the conversation
    client.on('message', ({ message: { from, isOwn, threadId }, conversation: { id }, isNew }) => {
      if (isNew && !isOwn && threadId !== undefined && id === this.#shown.open?.id)
        this.tell(`${from} wrote in a thread: /thread ${this.labels.of(id, threadId)}`);
    });
  }

  /** What a person can do something about, once: it is tried again and again. */
  #tellFailure(error: SecureChatError): void {
    if (isAbsence(error) || error.message === this.#failure) return;
    this.#failure = error.message;
    this.tell(adviceOf(error));
  }

  readonly snapshot = (): Snapshot => this.#shown;
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** The open conversation; throws advice when there is none. */
  get chat(): Conversation {
    if (this.#shown.open) return this.#shown.open;
    throw new CommandFailed('No conversation is open.', 'Begin one: /new USER');
  }

  open(id: string | undefined): void {
    const open = id === undefined ? undefined : this.client.conversation(id);
    this.#change({ open, standing: '', messages: [], scrolled: 0, panel: undefined });
    this.#lookAtOthers();
    this.refresh();
  }

  /** Up or down in the list. */
  move(by: 1 | -1): void {
    const { conversations, open } = this.#shown;
    const at = conversations.findIndex(({ id }) => id === open?.id);
    const next = conversations[(at + by + conversations.length) % conversations.length];
    if (next) this.open(next.id);
  }

  /** By lines of the panel if there is one, else by messages; up is positive. */
  scroll(by: number): void {
    const { scrolled, messages, panel } = this.#shown;
    if (panel) {
      const from = Math.min(panel.lines.length - 1, Math.max(0, panel.from - by));
      return this.#change({ panel: { ...panel, from } });
    }
    const most = scrolled + Math.max(0, messages.length - 1);
    this.#change({ scrolled: Math.min(most, Math.max(0, scrolled + by)) });
    this.refresh();
  }

  readonly show = (title: string, lines: readonly string[]): void =>
    this.#change({ panel: { title, lines, from: 0 } });
  readonly closePanel = (): void => this.#change({ panel: undefined });
  readonly tell = (notice: string): void => this.#change({ notice });
  readonly write = (entry: Entry): void => {
    this.#tellTyping(entry.text);
    this.#change({ entry });
  };
  /** Commands are nobody's business, and a stranger is not told that one has begun to answer. */
  #tellTyping(text: string): void {
    const { open } = this.#shown;
    if (open?.isMember && !open.isRequest)
      this.#presence?.typing(open.id, text !== '' && !text.startsWith('/'));
  }
  /** What was written; an empty line remains. */
  takeEntry(): string {
    const { text } = this.#shown.entry;
    this.write(emptyEntry);
    return text;
  }

  /** What was typed and entered; when that cannot be done, it stands there again to be changed. */
  enter(text: string): void {
    this.attempt(async () => {
      try {
        await this.#perform(text);
      } catch (error) {
        if (this.#shown.entry.text === '') this.write(edited(emptyEntry, text, {}) ?? emptyEntry);
        throw error;
      }
    });
  }

  /** Does it; what goes wrong becomes the notice. */
  attempt(action: () => Promise<void>): void {
    action().catch((error) => this.tell(adviceOf(error)));
  }

  async say(text: string, options?: SendOptions): Promise<void> {
    const { chat } = this;
    const { ended } = this.#shown;
    if (ended !== undefined) throw new CommandFailed('Nothing is sent any more.', ended);
    if (chat.isRequest)
      throw new CommandFailed('This is a request.', '/accept answers it, /block refuses it.');
    if (chat.isBlocked)
      throw new CommandFailed(`You have blocked ${chat.peer}.`, '/unblock, and you can talk again.');
    await chat.send(text, options);
    this.#change({ scrolled: 0, panel: undefined, notice: '' });
  }

  async #perform(text: string): Promise<void> {
    const meaning = meaningOf(text);
    if ('say' in meaning) return this.say(meaning.say);
    const command = Object.hasOwn(commands, meaning.command) ? commands[meaning.command] : undefined;
    if (!command) throw new CommandFailed(`There is no /${meaning.command}.`, '/help lists all.');
    this.tell(`/${meaning.command} …`);
    this.tell((await command.run(this, meaning.rest)) ?? '');
    this.refresh();
  }

  /** Looks at the open conversation anew; changes that come meanwhile lead to one more look. */
  refresh(): void {
    this.#isStale = true;
    if (this.#isRefreshing) return;
    this.#isRefreshing = true;
    this.attempt(async () => {
      try {
        while (this.#isStale) {
          this.#isStale = false;
          await this.#look();
        }
      } finally {
        this.#isRefreshing = false;
      }
    });
  }

  async #look(): Promise<void> {
    const conversations = this.client.conversations().filter(isListed);
    const open = this.#shown.open ?? conversations[0];
    const { scrolled } = this.#shown;
    const all = open ? await newest(open, PAGE + scrolled) : [];
    // another one was opened meanwhile
    if (this.#shown.open !== undefined && this.#shown.open.id !== open?.id) return;
    for (const { id } of all) this.labels.of(open?.id ?? '', id);
    this.#change({ conversations, open, messages: all.slice(0, all.length - scrolled) });
    const last = all.findLast(({ isOwn, place }) => !isOwn && place !== undefined);
    if (open && last && scrolled === 0 && open.unread > 0 && !open.isRequest) await open.markRead(last.id);
  }

  #change(change: Partial<Snapshot>): void {
    this.#shown = { ...this.#shown, ...change };
    for (const listener of this.#listeners) listener();
  }
}

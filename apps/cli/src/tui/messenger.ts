import {
  type Client,
  type Conversation,
  isAbsence,
  type Presence,
  type SecureChatError,
  type SendOptions,
  type Status,
} from '@securechat/client';
import type { MakePeer } from '@securechat/client/direct';
import { adviceOf, CommandFailed, shortFailure } from '../failures.ts';
import { requestText } from '../words.ts';
import { commands } from './commands/index.ts';
import { DirectLines } from './direct-lines.ts';
import { type Entry, edited, emptyEntry, meaningOf } from './editing.ts';
import { Labels } from './labels.ts';
import { newest, PAGE } from './newest.ts';
import { firstSnapshot, listed, type Snapshot } from './snapshot.ts';
import { peersOf, standingOf } from './standing.ts';
import { TuiTransfers } from './transfers.ts';

/** A message has few lines, so a step never skips any. */
export const SCROLL_STEP = 5;
const MAX_ALARMS = 100;

/** The messenger's state and actions; drawing code only reads `snapshot`. */
export class Messenger {
  readonly client: Client;
  readonly labels = new Labels();
  readonly transfers = new TuiTransfers(() => this.#change({ transfers: this.transfers.lines() }));
  readonly direct: DirectLines;
  #shown: Snapshot;
  #isRefreshing = false;
  #isStale = false;
  #presence: Presence | undefined;
  /** The last reported reason for having no connection. */
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

  /** Shows this user as online, and watches recent contacts. */
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

  /** Sets this user's status. */
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
    client.on('request', ({ peer }) => this.tell(`New request: ${requestText(peer)}.`));
    for (const event of ['conversation', 'message', 'vanished', 'receipt'] as const)
      client.on(event, () => this.refresh());
    // thread messages do not appear in the conversation
    client.on('message', ({ message: { from, isOwn, threadId }, conversation: { id }, isNew }) => {
      if (isNew && !isOwn && threadId !== undefined && id === this.#shown.open?.id)
        this.tell(`${from} wrote in a thread: /thread ${this.labels.of(id, threadId)}`);
    });
  }

  /** Reports a failure once, and only if the person can fix it: connecting is retried all the time. */
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
    throw new CommandFailed('No conversation is open.', 'Start one: /new USER');
  }

  open(id: string | undefined): void {
    const open = id === undefined ? undefined : this.client.conversation(id);
    this.#change({ open, standing: '', messages: [], scrolled: 0, panel: undefined });
    this.#lookAtOthers();
    this.refresh();
  }

  /** Moves up or down in the list. */
  move(by: 1 | -1): void {
    const { conversations, open } = this.#shown;
    const at = conversations.findIndex(({ id }) => id === open?.id);
    const next = conversations[(at + by + conversations.length) % conversations.length];
    if (next) this.open(next.id);
  }

  /** Scrolls by lines in a panel, else by messages; up is positive. */
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
  /** Not while a command is typed, and not to a stranger whose request is not accepted. */
  #tellTyping(text: string): void {
    const { open } = this.#shown;
    if (open?.isMember && !open.isRequest)
      this.#presence?.typing(open.id, text !== '' && !text.startsWith('/'));
  }
  /** Returns the input and clears the line. */
  takeEntry(): string {
    const { text } = this.#shown.entry;
    this.write(emptyEntry);
    return text;
  }

  /** Acts on an entered line; on failure it is put back to be corrected. */
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

  /** Runs an action and shows its failure as the notice. */
  attempt(action: () => Promise<void>): void {
    action().catch((error) => this.tell(adviceOf(error)));
  }

  async say(text: string, options?: SendOptions): Promise<void> {
    const { chat } = this;
    const { ended } = this.#shown;
    if (ended !== undefined) throw new CommandFailed('Nothing can be sent any more.', ended);
    if (chat.isRequest)
      throw new CommandFailed('This is a request.', '/accept accepts it, /block refuses it.');
    if (chat.isBlocked) throw new CommandFailed(`You have blocked ${chat.peer}.`, '/unblock to chat again.');
    await chat.send(text, options);
    this.#change({ scrolled: 0, panel: undefined, notice: '' });
  }

  async #perform(text: string): Promise<void> {
    const meaning = meaningOf(text);
    if ('say' in meaning) return this.say(meaning.say);
    const command = Object.hasOwn(commands, meaning.command) ? commands[meaning.command] : undefined;
    if (!command) throw new CommandFailed(`There is no /${meaning.command}.`, '/help lists them.');
    this.tell(`/${meaning.command} …`);
    this.tell((await command.run(this, meaning.rest)) ?? '');
    this.refresh();
  }

  /** Reloads the open conversation; changes meanwhile cause one more reload. */
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
    const conversations = listed(this.client);
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

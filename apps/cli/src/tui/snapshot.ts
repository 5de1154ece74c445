import type { Alarm, Client, ConnectionState, Conversation, Message } from '@securechat/client';
import { type Entry, emptyEntry } from './editing.ts';

/** Shown instead of messages; its lines start with number `from`. */
export type Panel = { readonly title: string; readonly lines: readonly string[]; readonly from: number };

/** Everything the screen shows; a new object whenever something changes. */
export type Snapshot = {
  readonly state: ConnectionState;
  /** Why it will not reconnect. */
  readonly ended: string | undefined;
  readonly waiting: number;
  readonly alarms: readonly Alarm[];
  readonly conversations: readonly Conversation[];
  readonly open: Conversation | undefined;
  /** The peer's status in the open conversation, or who is typing; empty when unknown. */
  readonly standing: string;
  /** Oldest first, without the newest `scrolled` ones. */
  readonly messages: readonly Message[];
  readonly scrolled: number;
  readonly panel: Panel | undefined;
  /** Transfers, one line each. */
  readonly transfers: readonly string[];
  /** The input line. */
  readonly entry: Entry;
  /** The result of the last action. */
  readonly notice: string;
};

export const listed = (client: Client): Conversation[] =>
  client.conversations().filter(({ isListed }) => isListed);

export const firstSnapshot = (client: Client): Snapshot => ({
  ...{ state: client.state, ended: undefined, waiting: client.waiting, alarms: [] },
  ...{
    conversations: listed(client),
    open: undefined,
    standing: '',
    messages: [],
    scrolled: 0,
  },
  ...{ panel: undefined, transfers: [], entry: emptyEntry },
  notice: 'Welcome. /help lists what you can do; Ctrl-C leaves.',
});

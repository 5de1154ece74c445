import type { Alarm, Client, ConnectionState, Conversation, Message } from '@securechat/client';
import { type Entry, emptyEntry } from './editing.ts';

/** In the place of what was said; its lines begin with the one numbered `from`. */
export type Panel = { readonly title: string; readonly lines: readonly string[]; readonly from: number };

/** Everything that the screen shows; a new object whenever something of it has changed. */
export type Snapshot = {
  readonly state: ConnectionState;
  /** Why it will not connect by itself any more. */
  readonly ended: string | undefined;
  readonly waiting: number;
  readonly alarms: readonly Alarm[];
  readonly conversations: readonly Conversation[];
  readonly open: Conversation | undefined;
  /** How the other one of the open conversation is, or who writes in it; empty when nothing is known. */
  readonly standing: string;
  /** Oldest first; the newest `scrolled` of the open conversation are left out. */
  readonly messages: readonly Message[];
  readonly scrolled: number;
  readonly panel: Panel | undefined;
  /** Files on their way, a line for each. */
  readonly transfers: readonly string[];
  /** What is being written. */
  readonly entry: Entry;
  /** The answer to what was done last. */
  readonly notice: string;
};

/**
 * A conversation of two that somebody has begun without a word asks for nothing yet: so begins whoever comes by a link into a group, for
 * the one who made it.
 */
export function isListed({
  kind,
  isRequest,
  last,
}: Pick<Conversation, 'kind' | 'isRequest' | 'last'>): boolean {
  const isWordless = last?.body.type === 'notice' && last.body.notice.type === 'created';
  return !(isRequest && kind === 'direct' && isWordless);
}

export const firstSnapshot = (client: Client): Snapshot => ({
  ...{ state: client.state, ended: undefined, waiting: client.waiting, alarms: [] },
  ...{
    conversations: client.conversations().filter(isListed),
    open: undefined,
    standing: '',
    messages: [],
    scrolled: 0,
  },
  ...{ panel: undefined, transfers: [], entry: emptyEntry },
  notice: 'Welcome. /help lists what you can do; Ctrl-C leaves.',
});

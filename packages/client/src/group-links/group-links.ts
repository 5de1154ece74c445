import { decodeBase64 } from '@securechat/protocol';
import type { Client, Conversation, WaitOptions } from '../api/index.ts';
import { randomBytes } from '../bytes.ts';
import { checked } from '../content/outgoing.ts';
import type { Core } from '../conversations/core.ts';
import { mayDo } from '../conversations/membership/rights.ts';
import { CannotDo } from '../conversations/operations/built.ts';
import { enqueueContent } from '../conversations/outgoing/enqueue.ts';
import { ownConversationOf } from '../conversations/view/own-marks.ts';
import { lookUp } from '../look-up.ts';
import { insidesOf } from '../runtime/insides.ts';
import { fromBytes } from '../storage/json.ts';
import { join } from './join.ts';
import { hashOf, isOpen, type KeptLink, keepLink, type LinkNews, linkKey } from './kept.ts';
import { writeLink } from './link-text.ts';

const DAY_SECONDS = 86_400;
const MAX_DAYS = 30;
const MAX_USES = 100;
/** Per group, because all are searched for expired ones. */
const MAX_LINKS = 50;

/** A hash may start with a hyphen, which a command line takes for an option. */
const ID_PREFIX = 'l_';

/** An invite link of this account, as this device knows it. Its text is returned only once, by `make`. */
export type GroupLink = {
  readonly id: string;
  readonly conversationId: string;
  readonly endsAtMs: number;
  /** How many more users can join by it. */
  readonly left: number;
};

/**
 * Links for joining a group without being added by name. The server takes no part: the joining user sends the link's secret, end-to-end
 * encrypted, to a device of its maker, which adds them. So one of the maker's devices must be online.
 */
export interface GroupLinks {
  /**
   * Returns the text of a new link; by owners and admins of the group. Put it after the `#` of a web address, where no server sees it.
   * Valid for `uses` users (default 1, at most 100) and `days` (default 7, at most 30). Throws `RangeError` for other numbers, `CannotDo`
   * at 50 links.
   */
  make(conversation: Conversation, options?: { days?: number; uses?: number }): Promise<string>;
  /** This account's valid links, the first to expire first. */
  of(conversation: Conversation): Promise<GroupLink[]>;
  /** Ends the link at once here; on other own devices as soon as they learn of it. */
  revoke(link: GroupLink): Promise<void>;
  /**
   * Joins the group, or returns it if already a member. Rejects with `CodeNotReadable` for malformed text; `NotTheSame` if the server
   * shows a different account than the link's maker (nothing was sent); `LinkRefused` if it is no longer valid; `RequestTimedOut` if no
   * device of the maker answers: the maker keeps the request and may add this user later.
   */
  join(link: string, wait?: WaitOptions): Promise<Conversation>;
}

/** Opens the part of the SDK for group links. Existing links are honoured whether or not it is open. */
export function openGroupLinks(client: Client): GroupLinks {
  const runtime = insidesOf(client);
  const { core } = runtime;
  return {
    async make({ id }, { days = 7, uses = 1 } = {}) {
      demandWithin('days', days, MAX_DAYS);
      demandWithin('uses', uses, MAX_USES);
      const secret = randomBytes(32);
      const { account_key } = await core.people.list(core.own.userId);
      const expiresAt = Math.floor(core.now() / 1000) + days * DAY_SECONDS;
      const link = { tell: 'link', to: id, hash: await hashOf(secret), expiresAt, left: uses } as const;
      demandMayAdd(core, id);
      if ((await prune(core, id)) >= MAX_LINKS)
        throw new CannotDo(`the group has ${MAX_LINKS} links: revoke some`);
      await keepLink(core, link);
      await tellOwn(core, link);
      const accountKey = decodeBase64(account_key);
      return writeLink({ conversationId: id, inviter: core.own.userId, accountKey, secret });
    },

    async of({ id }) {
      const links = (await kept(core, id)).filter(({ link }) => isOpen(link, core.now()));
      links.sort((a, b) => a.link.expiresAt - b.link.expiresAt);
      return links.map(({ hash, link: { expiresAt, left } }) => ({
        ...{ id: ID_PREFIX + hash, conversationId: id, endsAtMs: expiresAt * 1000, left },
      }));
    },

    async revoke({ id, conversationId: to, endsAtMs }) {
      const hash = id.slice(ID_PREFIX.length);
      const link = { tell: 'link', to, hash, expiresAt: endsAtMs / 1000, left: 0 } as const;
      await keepLink(core, link);
      await tellOwn(core, link);
    },

    join: (text, wait) => join(client, runtime, text, wait),
  };
}

function demandWithin(name: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new RangeError(`${name} is a whole number from 1 to ${max}`);
}

function demandMayAdd(core: Core, id: string): void {
  const record = core.registry.get(id);
  if (record?.log.kind !== 'group' || record.membership !== 'member')
    throw new CannotDo('links lead only into groups you are in');
  if (!mayDo(lookUp(record.log.roles, core.own.userId), 'add'))
    throw new CannotDo('only owners and admins add members');
}

async function kept(core: Core, id: string): Promise<{ key: string; hash: string; link: KeptLink }[]> {
  const prefix = linkKey(id, '');
  const found = await core.store.list(prefix);
  return found.map(([key, bytes]) => ({
    key,
    hash: key.slice(prefix.length),
    link: fromBytes<KeptLink>(bytes),
  }));
}

/** Deletes expired ones; returns how many are left. */
async function prune(core: Core, id: string): Promise<number> {
  const all = await kept(core, id);
  const over = all.filter(({ link }) => link.expiresAt * 1000 <= core.now());
  if (over.length > 0) await core.store.write(over.map(({ key }) => ({ delete: key })));
  return all.length - over.length;
}

async function tellOwn(core: Core, link: LinkNews): Promise<void> {
  const own = ownConversationOf(core.registry);
  if (!own) return;
  await core.registry.step(own.id, async (step) => {
    enqueueContent(core, step, checked('application/x-securechat-own', link));
    await step.write();
  });
}

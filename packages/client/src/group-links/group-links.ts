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
/** Of one group; they are looked through for those that are over. */
const MAX_LINKS = 50;

/** A hash may begin with a hyphen, which a command line takes for an option. */
const ID_PREFIX = 'l_';

/** A link of this account into a group, as this device knows it. The link's text is shown once, by `make`. */
export type GroupLink = {
  readonly id: string;
  readonly conversationId: string;
  readonly endsAtMs: number;
  /** How many more may come by it. */
  readonly left: number;
};

/**
 * Links by which people come into a group without being named first. The server has no part in them: whoever has the link shows its secret
 * to a device of its maker, end-to-end encrypted, and that device adds them. So it works while one of the maker's devices is online.
 */
export interface GroupLinks {
  /**
   * The text of a new link, for owners and admins of a group: behind the `#` of a web address no server sees it. Good for one person and
   * 7 days, or for `uses` (at most 100) and `days` (at most 30). Throws a RangeError for other numbers, CannotDo when there are 50.
   */
  make(conversation: Conversation, options?: { days?: number; uses?: number }): Promise<string>;
  /** Of this account, those that are still good; the one that ends first comes first. */
  of(conversation: Conversation): Promise<GroupLink[]>;
  /** From now on it lets in nobody; at the own other devices, as soon as they have heard of it. */
  revoke(link: GroupLink): Promise<void>;
  /**
   * Joins the group, or is in it already. Throws CodeNotReadable for what is no link, NotTheSame when the server shows another account than
   * the one that made it (nothing was sent then), LinkRefused when it is good no more, RequestTimedOut when no device of its maker answers:
   * the request stays with the maker, who may let one in later.
   */
  join(link: string, wait?: WaitOptions): Promise<Conversation>;
}

/** The part of the SDK for links into groups. Links that were made are honoured whether it is open or not. */
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
    throw new CannotDo('links lead into groups that one is a member of');
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

/** Forgets those whose time is over, and says how many there are. */
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

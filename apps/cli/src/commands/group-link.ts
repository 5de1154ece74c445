import type { Client, Conversation } from '@securechat/client';
import { type GroupLink, openGroupLinks } from '@securechat/client/group-links';
import { askSecret } from '../ask.ts';
import { type Call, type Command, UsageError } from '../command.ts';
import { CommandFailed } from '../failures.ts';
import { conversationLine } from '../json-lines.ts';
import { withClient, withConnection } from '../session.ts';
import { wholeNumber } from '../whole-number.ts';
import { counted } from '../words.ts';
import { groupOf } from './group.ts';

type Act = (client: Client, group: Conversation, call: Call) => Promise<void>;

const acts: Readonly<Record<string, Act>> = {
  async create(client, group, { values, out }) {
    const days = wholeNumber(values.days ?? '7', '--days', 1, 30);
    const uses = wholeNumber(values.uses ?? '1', '--uses', 1, 100);
    out.text(await openGroupLinks(client).make(group, { days, uses }));
  },
  async list(client, group, { flags, out }) {
    const links = await openGroupLinks(client).of(group);
    if (flags.has('json')) for (const link of links) out.json({ type: 'group-link', ...link });
    else if (links.length === 0) out.text('This group has no valid links.');
    else for (const link of links) out.text(describe(link));
  },
  async revoke(client, group, { args: [, , id = ''], out }) {
    const links = openGroupLinks(client);
    const link = (await links.of(group)).find((each) => each.id === id);
    if (!link)
      throw new CommandFailed(
        `There is no link ${id}`,
        '`securechat group-link list ID` shows the valid ones.',
      );
    await links.revoke(link);
    out.text('Nobody can join by it any more.');
  },
};

const describe = ({ id, endsAtMs, left }: GroupLink): string =>
  `${id}  for ${left === 1 ? '1 person' : `${left} people`}, until ${new Date(endsAtMs).toISOString().slice(0, 16)} UTC`;

export const groupLink: Command = {
  usage: 'create ID | list ID | revoke ID LINK-ID',
  takes: [2, 3],
  summary: 'create, list or revoke links for joining a group; whoever has a link can use it',
  options: {
    days: { type: 'string', value: 'DAYS', doc: 'how long it is valid, 1 to 30; default 7' },
    uses: { type: 'string', value: 'PEOPLE', doc: 'how many people can join by it, 1 to 100; default 1' },
    json: { type: 'boolean', doc: 'list them as one JSON object per line' },
  },
  async run(call) {
    const [action = '', id = ''] = call.args;
    const act = Object.hasOwn(acts, action) ? acts[action] : undefined;
    if (!act) throw new UsageError(`securechat group-link has no action ${action}.`);
    const use = (client: Client) => act(client, groupOf(client, id), call);
    // other devices of the account must learn of changes, which takes a connection
    await (action === 'list' ? withClient(call.home, use) : withConnection(call.home, use));
  },
};

export const join: Command = {
  usage: '',
  takes: [0, 0],
  summary: 'join a group by a link, typed or piped in',
  options: { json: { type: 'boolean', doc: 'print the group as one JSON object' } },
  async run({ flags, home, out }) {
    const link = await askSecret('Link', out);
    await withConnection(home, async (client) => {
      out.hint('Waiting for a device of its maker …');
      const group = await openGroupLinks(client).join(link);
      if (flags.has('json')) out.json(conversationLine(group));
      else out.text(`${group.id}: ${counted(group.memberIds.length, 'member')}`);
    });
  },
};

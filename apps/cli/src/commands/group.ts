import type { Client, Conversation } from '@securechat/client';
import { type Command, UsageError } from '../command.ts';
import { CommandFailed } from '../failures.ts';
import { conversationLine } from '../json-lines.ts';
import { withConnection } from '../session.ts';

const changes: Readonly<Record<string, (group: Conversation, rest: readonly string[]) => Promise<void>>> = {
  add: (group, users) => group.add(atLeastOne(users, 'USER …')),
  remove: async (group, users) => {
    for (const user of atLeastOne(users, 'USER …')) await group.remove(user);
  },
  rename: (group, words) => group.rename(atLeastOne(words, 'NAME').join(' ')),
  role: async (group, [user = '', role]) => {
    if (role !== 'owner' && role !== 'admin' && role !== 'member')
      throw new UsageError('Give a USER and a role: owner, admin or member.');
    await group.setRole(user, role);
  },
  leave: (group) => group.leave(),
};

export const group: Command = {
  usage:
    'create NAME USER … | add ID USER … | remove ID USER … | rename ID NAME | role ID USER ROLE | leave ID',
  takes: [2, Number.MAX_SAFE_INTEGER],
  summary: 'create a group, or change one',
  options: { json: { type: 'boolean', doc: 'print the group as one JSON object' } },
  async run({ args: [action = '', target = '', ...rest], flags, home, out }) {
    const change = Object.hasOwn(changes, action) ? changes[action] : undefined;
    if (!change && action !== 'create') throw new UsageError(`securechat group has no action ${action}.`);
    await withConnection(home, async (client) => {
      const chat = change
        ? groupOf(client, target)
        : await client.createGroup({ name: target, members: atLeastOne(rest, 'USER …') });
      await change?.(chat, rest);
      if (flags.has('json')) out.json(conversationLine(chat));
      else out.text(`${chat.id}: ${chat.memberIds.join(', ')}`);
    });
  },
};

/** Throws advice when there is no such group. */
export function groupOf(client: Client, id: string): Conversation {
  const chat = client.conversation(id);
  if (chat?.kind === 'group') return chat;
  throw new CommandFailed(`There is no group ${id} here`, '`securechat conversations` lists them.');
}

function atLeastOne(words: readonly string[], what: string): readonly string[] {
  if (words.length === 0) throw new UsageError(`${what} is missing. See \`securechat group --help\`.`);
  return words;
}

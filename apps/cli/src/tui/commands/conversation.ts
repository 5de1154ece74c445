import type { Member } from '@securechat/client';
import { openGroupLinks } from '@securechat/client/group-links';
import { searchMessages } from '@securechat/client/search';
import { CommandFailed } from '../../failures.ts';
import { wholeNumber } from '../../whole-number.ts';
import { withoutBreaks } from '../../without-breaks.ts';
import { counted, foundLine, ticks } from '../../words.ts';
import type { TuiCommand } from './index.ts';
import { wordsOf } from './words-of.ts';

/** More than anybody reads through. */
const MOST_FOUND = 50;

export const conversationCommands: Readonly<Record<string, TuiCommand>> = {
  new: {
    usage: 'USER',
    summary: 'chat with somebody',
    async run(messenger, rest) {
      const [user = ''] = wordsOf(rest, 1, '/new USER');
      messenger.open((await messenger.client.direct(user)).id);
      return undefined;
    },
  },
  group: {
    usage: 'NAME USER …',
    summary: 'create a group; _ in NAME is a space',
    async run(messenger, rest) {
      const [name = '', ...members] = wordsOf(rest, 2, '/group NAME USER …');
      const group = await messenger.client.createGroup({ name: name.replaceAll('_', ' '), members });
      messenger.open(group.id);
      return undefined;
    },
  },
  search: {
    usage: 'WORD …',
    summary: 'find messages in all conversations',
    async run(messenger, rest) {
      wordsOf(rest, 1, '/search WORD …');
      const lines: string[] = [];
      for await (const message of searchMessages(messenger.client, rest)) {
        const chat = messenger.client.conversation(message.conversationId);
        if (chat) lines.push(foundLine(chat, message));
        if (lines.length === MOST_FOUND) break;
      }
      if (lines.length === 0) return 'Nothing was found.';
      messenger.show('Found, the newest first – Esc closes, PageUp and PageDown move', lines);
      return undefined;
    },
  },
  members: {
    usage: '',
    summary: 'who is here, and who has read what',
    async run(messenger) {
      const { chat } = messenger;
      const last = (await chat.messages()).findLast(({ isOwn, place }) => isOwn && place !== undefined);
      messenger.show(
        'Members, and how far your last message is – Esc closes',
        chat.members().map((member) => memberLine(member, last?.place, messenger.client.me.userId)),
      );
      return undefined;
    },
  },
  add: {
    usage: 'USER …',
    summary: 'add people to this group',
    async run({ chat }, rest) {
      await chat.add(wordsOf(rest, 1, '/add USER …'));
      return 'Added.';
    },
  },
  remove: {
    usage: 'USER',
    summary: 'remove somebody from this group',
    async run({ chat }, rest) {
      const [user = ''] = wordsOf(rest, 1, '/remove USER');
      await chat.remove(user);
      return `${user} was removed.`;
    },
  },
  role: {
    usage: 'USER ROLE',
    summary: 'owner, admin or member',
    async run({ chat }, rest) {
      const [user = '', role] = wordsOf(rest, 2, '/role USER ROLE');
      if (role !== 'owner' && role !== 'admin' && role !== 'member')
        throw new CommandFailed(`There is no role ${role}.`, 'Roles are owner, admin and member.');
      await chat.setRole(user, role);
      return `${user} is ${role}.`;
    },
  },
  rename: {
    usage: 'NAME',
    summary: 'give this group another name',
    async run({ chat }, rest) {
      await chat.rename(rest);
      return undefined;
    },
  },
  link: {
    usage: '[PEOPLE [DAYS]]',
    summary: 'a link into this group',
    async run(messenger, rest) {
      const { client, chat } = messenger;
      const [many = '1', howLong = '7'] = wordsOf(rest, 0, '/link PEOPLE DAYS');
      const uses = wholeNumber(many, 'PEOPLE', 1, 100);
      const days = wholeNumber(howLong, 'DAYS', 1, 30);
      const link = await openGroupLinks(client).make(chat, { uses, days });
      const people = uses === 1 ? '1 person' : `${uses} people`;
      messenger.show(`For ${people} and ${counted(days, 'day')}: /join LINK – Esc closes`, [link]);
      return undefined;
    },
  },
  join: {
    usage: 'LINK',
    summary: 'come into a group by a link',
    async run(messenger, rest) {
      wordsOf(rest, 1, '/join LINK');
      messenger.tell('Waiting for a device of its maker …');
      messenger.open((await openGroupLinks(messenger.client).join(withoutBreaks(rest))).id);
      return undefined;
    },
  },
  leave: {
    usage: '',
    summary: 'leave this group',
    async run({ chat }) {
      await chat.leave();
      return 'You have left; the messages stay here.';
    },
  },
  mute: {
    usage: '',
    summary: 'mute or unmute this conversation',
    async run({ chat }) {
      const isMuted = !chat.isMuted;
      await chat.mute(isMuted);
      return isMuted ? 'Muted.' : 'Unmuted.';
    },
  },
  restart: {
    usage: '',
    summary: 'start over with new keys, when nothing else helps',
    async run({ chat }) {
      await chat.restart();
      return 'Started over with new keys.';
    },
  },
  accept: {
    usage: '',
    summary: 'accept a request',
    async run({ chat }) {
      await chat.accept();
      return 'Accepted.';
    },
  },
  block: {
    usage: '',
    summary: 'block the other; /unblock undoes it',
    async run({ chat }) {
      await chat.block();
      return 'Blocked. The other is not told.';
    },
  },
  unblock: {
    usage: '',
    summary: 'unblock the other',
    async run({ chat }) {
      await chat.unblock();
      return 'Unblocked.';
    },
  },
};

function memberLine(member: Member, place: number | undefined, me: string): string {
  const { userId, role, devices, deliveredThrough, readThrough } = member;
  const receipt = (): string => {
    if (userId === me || place === undefined) return '';
    if (readThrough >= place) return ticks.read;
    return deliveredThrough >= place ? ticks.delivered : ticks.stored;
  };
  // came back by the recovery code, and gets nothing until an owner or admin adds them again
  const held = devices.length > 0 ? counted(devices.length, 'device') : `no device here: /add ${userId}`;
  return `${userId.padEnd(20)} ${role.padEnd(7)} ${held} ${receipt()}`;
}

import type { Alarm } from '@securechat/client';

type NameOf = (userId: string) => string;

/** What happened, and what the user can do about it. */
export function alarmText(alarm: Alarm, nameOf: NameOf): { title: string; advice: string } {
  const who = alarm.userId === undefined ? 'Somebody' : nameOf(alarm.userId);
  switch (alarm.type) {
    case 'key-change':
      return {
        title: `${who} has new keys`,
        advice:
          'It may be a new account, or somebody intercepting. Nothing is sent until you have compared the safety number.',
      };
    case 'rogue-device':
      return {
        title: `A device that does not belong to ${who} was refused`,
        advice: 'Somebody, perhaps the server, tried to add it to a conversation. It can read nothing.',
      };
    case 'fork':
      return {
        title: 'Members see different histories of this conversation',
        advice:
          'The server may be showing different things to different people. Ask the others outside this chat.',
      };
    case 'gap':
      return {
        title: 'Messages are missing',
        advice: 'The place where they should be is marked in the conversation.',
      };
    case 'replay':
      return {
        title: 'An old message was delivered again',
        advice: 'It was refused. The server should not do that.',
      };
    case 'bad-signature':
      return { title: `A message claimed to be from ${who}, but was not`, advice: 'It was refused.' };
    case 'forbidden':
      return {
        title: `${who} tried something their role does not allow`,
        advice: 'It was refused and has had no effect.',
      };
    case 'undecryptable':
      return {
        title: `A message of ${who} could not be decrypted`,
        advice: 'Their device has been asked to send it again.',
      };
    case 'key-log':
      return {
        title: 'The server may be showing different keys to different people',
        advice: `Compare the safety number${alarm.userId === undefined ? 's' : ` with ${who}`} outside this chat, and ask the operator of the server.`,
      };
    case 'unreadable-history':
      return {
        title: 'The history from another device of yours could not be read',
        advice: 'Export it there, and import the file here.',
      };
  }
}

export function isSameAlarm(one: Alarm, other: Alarm): boolean {
  return (
    one.type === other.type && one.conversationId === other.conversationId && one.userId === other.userId
  );
}

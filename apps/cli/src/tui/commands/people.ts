import { CommandFailed } from '../../failures.ts';
import { withoutBreaks } from '../../without-breaks.ts';
import { counted, groupsOfFive } from '../../words.ts';
import type { Messenger } from '../messenger.ts';
import type { TuiCommand } from './index.ts';
import { wordsOf } from './words-of.ts';

const statuses = ['online', 'away', 'busy', 'offline'] as const;

export const peopleCommands: Readonly<Record<string, TuiCommand>> = {
  verify: {
    usage: '[USER]',
    summary: 'the safety number to compare by voice',
    async run(messenger, rest) {
      const user = userOr(messenger, rest, '/verify USER');
      const { trust, safetyNumber, devices } = await messenger.client.identity(user);
      messenger.show(`Safety number with ${user} – Esc closes`, [
        ...groupsOfFive(safetyNumber).split('\n'),
        '',
        `${trust}; ${counted(devices.length, 'device')}`,
        trust === 'changed'
          ? `The account key has changed. Ask ${user} in person why; then /trust ${user}`
          : `The same on both sides? Then: /verified ${user}`,
      ]);
      return undefined;
    },
  },
  verified: {
    usage: '[USER]',
    summary: 'mark as verified: the numbers are the same',
    async run(messenger, rest) {
      const user = userOr(messenger, rest, '/verified USER');
      await messenger.client.markVerified(user);
      return `${user} is verified.`;
    },
  },
  trust: {
    usage: 'USER',
    summary: 'accept a new account key, after asking why',
    async run({ client }, rest) {
      const [user = ''] = wordsOf(rest, 1, '/trust USER');
      await client.acceptKeyChange(user);
      return `The new key of ${user} is accepted. Compare safety numbers: /verify ${user}`;
    },
  },
  direct: {
    usage: 'on|off',
    summary: 'connect directly with the other one, who then sees your IP address',
    async run({ chat: { peer }, direct }, rest) {
      const [wanted = ''] = wordsOf(rest, 1, '/direct on|off');
      if (wanted !== 'on' && wanted !== 'off')
        throw new CommandFailed(`There is no ${wanted}.`, 'It is on or off.');
      if (peer === undefined)
        throw new CommandFailed('This is a group.', 'Direct connections are between two people.');
      await direct.allow(peer, wanted === 'on');
      return wanted === 'on'
        ? `Faster once ${peer} allows it too; messages also go through the server.`
        : `Everything with ${peer} goes only through the server.`;
    },
  },
  status: {
    usage: 'STATUS',
    summary: 'online, away, busy, or offline: not shown',
    async run(messenger, rest) {
      const [wanted = ''] = wordsOf(rest, 1, '/status online|away|busy|offline');
      const status = statuses.find((each) => each === wanted);
      if (!status) throw new CommandFailed(`There is no ${wanted}.`, 'It is online, away, busy or offline.');
      await messenger.be(status);
      return status === 'offline' ? 'You are not shown to anybody.' : `You are shown as ${status}.`;
    },
  },
  alarms: {
    usage: '',
    summary: 'alarms since the start',
    async run(messenger) {
      const lines = messenger
        .snapshot()
        .alarms.map(({ type, userId, deviceId, detail }) =>
          [type, userId ?? '', deviceId ?? '', detail].filter((part) => part !== '').join('  '),
        );
      messenger.show('Alarms – Esc closes', lines.length > 0 ? lines : ['None.']);
      return undefined;
    },
  },
  devices: {
    usage: '',
    summary: 'your own devices',
    async run(messenger) {
      const devices = await messenger.client.devices();
      messenger.show(
        'Devices – Esc closes; `securechat revoke` removes one',
        devices.map(({ deviceId, isThis }) => `${deviceId}${isThis ? '  this one' : ''}`),
      );
      return undefined;
    },
  },
  'link-code': {
    usage: '',
    summary: 'show a code for linking a new device',
    async run(messenger) {
      messenger.show('On the new device: securechat link "CODE" – Esc closes', [
        await messenger.client.linkCode(),
      ]);
      return 'Then enter here what it shows: /approve CODE';
    },
  },
  approve: {
    usage: 'CODE',
    summary: 'approve the new device',
    async run({ client }, rest) {
      await client.approveLink(withoutBreaks(rest));
      return 'The new device belongs to the account.';
    },
  },
};

/** The given user, else the peer of the open direct conversation. */
function userOr(messenger: Messenger, rest: string, usage: string): string {
  const [user = ''] = rest === '' && messenger.chat.peer ? [messenger.chat.peer] : wordsOf(rest, 1, usage);
  return user;
}

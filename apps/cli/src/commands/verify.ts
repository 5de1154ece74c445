import type { Command } from '../command.ts';
import { CommandFailed, exitCodes } from '../failures.ts';
import { withConnection } from '../session.ts';
import { counted, groupsOfFive } from '../words.ts';

export const verify: Command = {
  usage: 'USER',
  takes: [1, 1],
  summary: 'show the safety number that you and USER compare by voice',
  options: {
    matches: { type: 'boolean', doc: 'we have compared: mark USER as verified' },
    'accept-change': { type: 'boolean', doc: 'USER has a new account key, and we know why' },
  },
  run: ({ args: [user = ''], flags, home, out }) =>
    withConnection(home, async (client) => {
      if (flags.has('accept-change')) await client.acceptKeyChange(user);
      if (flags.has('matches')) await client.markVerified(user);
      const { trust, safetyNumber, devices } = await client.identity(user);
      out.text(`${user}: ${trust}, ${counted(devices.length, 'device')}\n${groupsOfFive(safetyNumber)}`);
      if (trust !== 'changed') return;
      throw new CommandFailed(
        `The account key of ${user} is another than before`,
        `Ask ${user} in person why, and compare; then \`securechat verify ${user} --accept-change\`.`,
        exitCodes.danger,
      );
    }),
};

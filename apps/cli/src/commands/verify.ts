import type { Command } from '../command.ts';
import { CommandFailed, exitCodes } from '../failures.ts';
import { withConnection } from '../session.ts';
import { counted, groupsOfFive } from '../words.ts';

export const verify: Command = {
  usage: 'USER',
  takes: [1, 1],
  summary: 'show the safety number to compare with USER by voice',
  options: {
    matches: { type: 'boolean', doc: 'the numbers match: mark USER as verified' },
    'accept-change': { type: 'boolean', doc: 'accept the new account key of USER, whose reason you know' },
  },
  run: ({ args: [user = ''], flags, home, out }) =>
    withConnection(home, async (client) => {
      if (flags.has('accept-change')) await client.acceptKeyChange(user);
      if (flags.has('matches')) await client.markVerified(user);
      const { trust, safetyNumber, devices } = await client.identity(user);
      out.text(`${user}: ${trust}, ${counted(devices.length, 'device')}\n${groupsOfFive(safetyNumber)}`);
      if (trust !== 'changed') return;
      throw new CommandFailed(
        `The account key of ${user} has changed`,
        `Ask ${user} in person why, and compare the numbers; then \`securechat verify ${user} --accept-change\`.`,
        exitCodes.danger,
      );
    }),
};

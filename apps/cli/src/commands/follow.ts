import type { ServerAddress } from '@securechat/client';
import { type Command, UsageError } from '../command.ts';
import { CommandFailed, describeFailure } from '../failures.ts';
import { serverAddress, serverOptions } from '../home.ts';
import { withClient, withConnection } from '../session.ts';

const { server, socket } = serverOptions;

/** The new address stays only if the server there proves to be the one of this account. */
export const follow: Command = {
  usage: '--server URL',
  takes: [0, 0],
  summary: "follow this account's server, which has moved, to its new address",
  options: { server: { ...server, doc: 'its new address; default SECURECHAT_SERVER' }, socket },
  async run({ values, home, out }) {
    if (!(values.server ?? process.env.SECURECHAT_SERVER))
      throw new UsageError('The new address is needed: securechat follow --server URL.');
    const there = serverAddress(values);
    const before = await withClient(home, async (client) => client.server);
    try {
      await withConnection(home, async () => undefined, there);
    } catch (error) {
      await withClient(home, async () => undefined, before);
      const { text, exitCode } = describeFailure(error);
      const [why = '', ...advice] = text.split('\n');
      throw new CommandFailed(
        why,
        [...advice, `The address stays ${addressText(before)}.`].join('\n'),
        exitCode,
      );
    }
    out.text(`The server of this account is at ${addressText(there)} from now on.`);
  },
};

const addressText = (address: ServerAddress): string =>
  typeof address === 'string' ? address : `${address.http}, its WebSocket at ${address.socket}`;

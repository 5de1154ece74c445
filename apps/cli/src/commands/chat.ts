import { SecureChatError } from '@securechat/client';
import { askLine } from '../ask.ts';
import { type Call, type Command, UsageError } from '../command.ts';
import { CommandFailed } from '../failures.ts';
import { serverOptions } from '../home.ts';
import { withClient } from '../session.ts';
import { enrol } from './sign-up.ts';

export const chat: Command = {
  usage: '[USER]',
  takes: [0, 1],
  summary: 'the messenger, in this terminal; makes an account where there is none',
  options: serverOptions,
  async run(call) {
    if (!process.stdin.isTTY || !process.stdout.isTTY)
      throw new CommandFailed(
        'This is no terminal',
        'Scripts use `securechat send` and `securechat listen --json`.',
      );
    await signUpIfNobodyIsHere(call);
    // what draws takes a moment to load, and no other command needs it
    const { runMessenger } = await import('../tui/run-messenger.ts');
    await withClient(call.home, (client) => runMessenger(client, call.args[0]));
    // once there was a direct connection, its library holds the process open
    process.exit();
  },
};

async function signUpIfNobodyIsHere(call: Call): Promise<void> {
  const { home, out } = call;
  try {
    return await withClient(home, async () => undefined);
  } catch (error) {
    if (!(error instanceof SecureChatError && error.name === 'NoAccountHere')) throw error;
  }
  const name = await askLine(`There is no account in ${home} yet. Your name for a new one:`, out);
  if (name === '') throw new UsageError('Nothing was done. `securechat signup --help` tells more.');
  await enrol(call, name);
}

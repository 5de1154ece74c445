import { SecureChatError } from '@securechat/client';
import { askLine } from '../ask.ts';
import { type Call, type Command, UsageError } from '../command.ts';
import { CommandFailed } from '../failures.ts';
import { serverOptions } from '../home.ts';
import { withClient } from '../session.ts';
import { linkThis } from './devices.ts';
import { enrol } from './sign-up.ts';

export const chat: Command = {
  usage: '[USER]',
  takes: [0, 1],
  summary: 'open the messenger in this terminal; offers to create an account if there is none',
  options: serverOptions,
  async run(call) {
    if (!process.stdin.isTTY || !process.stdout.isTTY)
      throw new CommandFailed(
        'This is not a terminal',
        'In scripts, use `securechat send` and `securechat listen --json`.',
      );
    await signUpIfNobodyIsHere(call);
    // the drawing code takes a moment to load, and no other command needs it
    const { runMessenger } = await import('../tui/run-messenger.ts');
    await withClient(call.home, (client) => runMessenger(client, call.args[0]));
    // after a direct connection its library keeps the process alive
    process.exit();
  },
};

async function signUpIfNobodyIsHere(call: Call): Promise<void> {
  const { home, out } = call;
  if (await isSomebodyIn(withClient(home, async () => undefined))) return;
  // an interrupted link comes first: the other device may have approved it
  if (await isSomebodyIn(linkThis(call))) return;
  const name = await askLine(`There is no account in ${home} yet. Your name for a new one:`, out);
  if (name === '') throw new UsageError('Nothing was done. See `securechat signup --help`.');
  await enrol(call, name);
}

async function isSomebodyIn(entering: Promise<unknown>): Promise<boolean> {
  try {
    await entering;
    return true;
  } catch (error) {
    if (error instanceof SecureChatError && error.name === 'NoAccountHere') return false;
    throw error;
  }
}

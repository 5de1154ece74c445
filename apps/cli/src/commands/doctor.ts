import { type Client, SecureChat } from '@securechat/client';
import type { Command } from '../command.ts';
import { CommandFailed, describeFailure, exitCodes } from '../failures.ts';
import { clientOptions, openStore } from '../home.ts';
import { whileConnected } from '../session.ts';

export const doctor: Command = {
  usage: '',
  takes: [0, 0],
  summary: 'check each step of connecting to the server, and show which one fails',
  async run({ home, out }) {
    const step = async <T>(what: string, look: () => Promise<readonly [T, string]>): Promise<T> => {
      try {
        const [found, detail] = await look();
        out.text(`ok      ${what}: ${detail}`);
        return found;
      } catch (error) {
        out.text(`FAILED  ${what}`);
        const { text, exitCode } = describeFailure(error);
        const [first = '', ...advice] = text.split('\n');
        throw new CommandFailed(first, advice.join('\n'), exitCode);
      }
    };
    out.text(`ok      Node ${process.version}, ${process.platform} ${process.arch}`);
    const store = await step('folder', async () => [await openStore(home), home]);
    let client: Client | undefined;
    try {
      client = await step('account', async () => {
        const opened = await SecureChat.open({ store, ...clientOptions() });
        return [
          opened,
          `${opened.me.userId}, device ${opened.me.deviceId}, of the server at ${opened.server.http}`,
        ];
      });
      await step('connection', () => connect(client as Client));
      await step('devices', () => ownDevices(client as Client));
      out.text(`ok      outbox: ${client.waiting} messages waiting`);
    } finally {
      await client?.close();
      await store.close();
    }
  },
};

async function connect(client: Client): Promise<[undefined, string]> {
  const startedAtMs = performance.now();
  await whileConnected(client, async () => undefined);
  return [undefined, `both sides authenticated, after ${Math.round(performance.now() - startedAtMs)} ms`];
}

async function ownDevices(client: Client): Promise<[undefined, string]> {
  const { trust, devices } = await client.identity(client.me.userId);
  if (trust === 'changed')
    throw new CommandFailed(
      'The server shows a different key for this account',
      'Tell its operator.',
      exitCodes.danger,
    );
  return [undefined, `${devices.length} in the signed list`];
}

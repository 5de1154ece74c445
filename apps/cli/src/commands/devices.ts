import { type Client, SecureChat } from '@securechat/client';
import { type Call, type Command, UsageError } from '../command.ts';
import { clientOptions, deviceOf, deviceOptions } from '../home.ts';
import { inColumns } from '../output/columns.ts';
import { plainLine } from '../output/plain.ts';
import { allStored, enterInto, untilAskedToEnd, withConnection } from '../session.ts';
import { withoutBreaks } from '../without-breaks.ts';

export const devices: Command = {
  usage: '',
  takes: [0, 0],
  summary: 'list the devices of this account',
  options: { json: { type: 'boolean', doc: 'one JSON object per line' } },
  run: ({ flags, home, out }) =>
    withConnection(home, async (client) => {
      const known = await client.devices();
      if (flags.has('json')) {
        for (const { deviceId, name, createdAtMs, isThis } of known)
          out.json({ type: 'device', device: deviceId, name, createdAtMs, isThis });
        return;
      }
      const rows = known.map(({ deviceId, name = '', createdAtMs, isThis }) => [
        ...[deviceId, plainLine(name), `since ${new Date(createdAtMs).toISOString().slice(0, 10)}`],
        isThis ? 'this one' : '',
      ]);
      for (const line of inColumns(rows)) out.text(line);
    }),
};

export const nameDevice: Command = {
  usage: 'DEVICE NAME',
  takes: [2, 2],
  summary: 'name a device, so that you can tell yours apart; only they learn it',
  run: ({ args: [deviceId = '', name = ''], home, out }) =>
    withConnection(home, async (client) => {
      await demandDevice(client, deviceId);
      await client.nameDevice(deviceId, name);
      await allStored(client);
      out.text(`${deviceId} is called ${plainLine(name)} now.`);
    }),
};

export const linkCode: Command = {
  usage: '',
  takes: [0, 0],
  summary: 'link a new device, step 1 of 3, on an existing one: print a code, valid for ten minutes',
  run: ({ home, out }) =>
    withConnection(home, async (client) => {
      out.text(await client.linkCode());
      out.hint('On the new device, run `securechat link CODE`.');
    }),
};

export const link: Command = {
  usage: '[CODE]',
  takes: [0, 1],
  summary: 'step 2 of 3, on the new device: print a code in reply, and wait. Without CODE, resume that',
  options: deviceOptions,
  run: async (call) => {
    const { userId } = await linkThis(call, call.args[0]);
    call.out.text(`This device belongs to ${userId} now; the account is in ${call.home}.`);
  },
};

/** Without a code, goes on with what was interrupted. */
export function linkThis(
  { values, home, out }: Pick<Call, 'values' | 'home' | 'out'>,
  code?: string,
): Promise<Client['me']> {
  return enterInto(home, async (store) => {
    const linking = await SecureChat.link({
      ...{ store, ...clientOptions(), ...deviceOf(values) },
      ...(code === undefined ? {} : { code: withoutBreaks(code) }),
    });
    out.text(linking.code);
    out.hint('On the existing device, run `securechat approve CODE`. Waiting; Ctrl-C interrupts.');
    return untilAskedToEnd(linking.cancel, () => linking.done);
  });
}

export const approve: Command = {
  usage: 'CODE',
  takes: [1, 1],
  summary: 'step 3 of 3, on the existing device: add the new one to the account',
  run: ({ args: [code = ''], home, out }) =>
    withConnection(home, async (client) => {
      await client.approveLink(withoutBreaks(code));
      out.text('The new device belongs to the account.');
      out.hint('Keep both online for a moment (`securechat listen`) to transfer keys and history.');
    }),
};

export const revoke: Command = {
  usage: 'DEVICE',
  takes: [1, 1],
  summary: 'remove a device from the account, permanently',
  run: ({ args: [deviceId = ''], home, out }) =>
    withConnection(home, async (client) => {
      await demandDevice(client, deviceId);
      await client.revoke(deviceId);
      out.text(`${deviceId} is revoked.`);
    }),
};

async function demandDevice(client: Client, deviceId: string): Promise<void> {
  const known = await client.devices();
  if (!known.some((device) => device.deviceId === deviceId))
    throw new UsageError(`There is no device ${deviceId}. \`securechat devices\` lists them.`);
}

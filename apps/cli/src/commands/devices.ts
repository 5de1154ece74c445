import { SecureChat } from '@securechat/client';
import { type Command, UsageError } from '../command.ts';
import { ways } from '../home.ts';
import { enterInto, untilAskedToEnd, withConnection } from '../session.ts';
import { withoutBreaks } from '../without-breaks.ts';

export const devices: Command = {
  usage: '',
  takes: [0, 0],
  summary: 'list the devices of this account',
  options: { json: { type: 'boolean', doc: 'one JSON object per line' } },
  run: ({ flags, home, out }) =>
    withConnection(home, async (client) => {
      for (const { deviceId, createdAtMs, isThis } of await client.devices()) {
        if (flags.has('json')) out.json({ type: 'device', device: deviceId, createdAtMs, isThis });
        else
          out.text(
            `${deviceId}  since ${new Date(createdAtMs).toISOString().slice(0, 10)}${isThis ? '  this one' : ''}`,
          );
      }
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
  usage: 'CODE',
  takes: [1, 1],
  summary: 'step 2 of 3, on the new device: print a code in reply, and wait',
  options: { device: { type: 'string', value: 'ID', doc: 'name of this device; default random' } },
  async run({ args: [code = ''], values, home, out }) {
    const { userId } = await enterInto(home, async (store) => {
      const linking = await SecureChat.link({
        store,
        ...ways(),
        code: withoutBreaks(code),
        deviceId: values.device,
      });
      out.text(linking.code);
      out.hint('On the existing device, run `securechat approve CODE`. Waiting; Ctrl-C cancels.');
      return untilAskedToEnd(linking.cancel, () => linking.done);
    });
    out.text(`This device belongs to ${userId} now; the account is in ${home}.`);
  },
};

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
      const known = await client.devices();
      if (!known.some((device) => device.deviceId === deviceId))
        throw new UsageError(`There is no device ${deviceId}. \`securechat devices\` lists them.`);
      await client.revoke(deviceId);
      out.text(`${deviceId} is revoked.`);
    }),
};

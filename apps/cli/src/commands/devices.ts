import { SecureChat } from '@securechat/client';
import { type Command, UsageError } from '../command.ts';
import { ways } from '../home.ts';
import { enterInto, untilAskedToEnd, withConnection } from '../session.ts';
import { withoutBreaks } from '../without-breaks.ts';

export const devices: Command = {
  usage: '',
  takes: [0, 0],
  summary: 'list the devices of the account',
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
  summary: 'a new device, step 1 of 3, on one you have: a code, good for ten minutes',
  run: ({ home, out }) =>
    withConnection(home, async (client) => {
      out.text(await client.linkCode());
      out.hint('On the new device: `securechat link CODE`.');
    }),
};

export const link: Command = {
  usage: 'CODE',
  takes: [1, 1],
  summary: 'step 2 of 3, on the new one: answers with a code and waits',
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
      out.hint('On the device you have: `securechat approve CODE`. Waiting; Ctrl-C gives up.');
      return untilAskedToEnd(linking.cancel, () => linking.done);
    });
    out.text(`This device belongs to ${userId} now; the account is in ${home}.`);
  },
};

export const approve: Command = {
  usage: 'CODE',
  takes: [1, 1],
  summary: 'step 3 of 3, on the one you have: lets the new one in',
  run: ({ args: [code = ''], home, out }) =>
    withConnection(home, async (client) => {
      await client.approveLink(withoutBreaks(code));
      out.text('The new device belongs to the account.');
      out.hint('Stay online with both for a moment (`securechat listen`): keys and history follow.');
    }),
};

export const revoke: Command = {
  usage: 'DEVICE',
  takes: [1, 1],
  summary: 'take a device out of the account, for good',
  run: ({ args: [deviceId = ''], home, out }) =>
    withConnection(home, async (client) => {
      const known = await client.devices();
      if (!known.some((device) => device.deviceId === deviceId))
        throw new UsageError(`There is no device ${deviceId}. \`securechat devices\` lists them.`);
      await client.revoke(deviceId);
      out.text(`${deviceId} is revoked.`);
    }),
};

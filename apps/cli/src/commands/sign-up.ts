import { type Client, SecureChat, ServerRefused } from '@securechat/client';
import { askSecret } from '../ask.ts';
import type { Call, Command, Option } from '../command.ts';
import { CommandFailed } from '../failures.ts';
import { serverAddress, serverOptions, ways } from '../home.ts';
import { enterInto, withClient } from '../session.ts';

const where: Record<string, Option> = {
  ...serverOptions,
  device: { type: 'string', value: 'ID', doc: 'name of this device; default random' },
};

export const signUp: Command = {
  usage: 'NAME',
  takes: [1, 1],
  summary: 'make an account whose first device this is',
  options: {
    ...where,
    invite: { type: 'boolean', doc: 'the server asks for an invite: type it, or send it in through a pipe' },
    token: { type: 'boolean', doc: "the same for your product's token" },
  },
  async run(call) {
    const { args, flags, home, out } = call;
    const invite = flags.has('invite') ? await askSecret('Invite', out) : undefined;
    const token = flags.has('token') ? await askSecret('Token', out) : undefined;
    const { userId } = await enrol(call, args[0] ?? '', { invite, token });
    out.text(`${userId} is signed up; the account is in ${home}.`);
    out.hint('Write the account key down (`securechat recovery-code`), then chat: `securechat chat`.');
  },
};

/** Makes the account; resolves when others can write to it. */
export async function enrol(
  { values, home }: Pick<Call, 'values' | 'home'>,
  userId: string,
  admission: { invite?: string | undefined; token?: string | undefined } = {},
): Promise<Client['me']> {
  try {
    return await enterInto(home, (store) =>
      SecureChat.signUp({ store, userId, ...placeOf(values), ...admission }),
    );
  } catch (error) {
    if (!(error instanceof ServerRefused)) throw error;
    const isShown = admission.invite !== undefined || admission.token !== undefined;
    const isUseless = isShown && error.error === 'PERMISSION_DENIED';
    const reason = isUseless ? uselessAdmission : refusals[error.error];
    if (!reason) throw error;
    throw new CommandFailed(`${userId}: ${reason[0]}`, reason[1]);
  }
}

const refusals: Readonly<Record<string, readonly [string, string]>> = {
  ACCOUNT_CONFLICT: [
    'this name is taken',
    'Choose another one. If it is you: `securechat link CODE`, or `securechat recover NAME`.',
  ],
  INVALID_MESSAGE_FORMAT: [
    'that cannot be a name',
    'A name is 1 to 64 letters of A to Z, digits, _ or -, and does not begin with c_.',
  ],
  PERMISSION_DENIED: [
    'this server does not let everybody in',
    'With an invite: `securechat signup NAME --invite`; with a token: `securechat signup NAME --token`.',
  ],
};

const uselessAdmission = [
  'nobody comes in under this name by this invite or token',
  'It was used already, is too old, or is for another name: ask for another one.',
] as const;

export const recover: Command = {
  usage: 'NAME',
  takes: [1, 1],
  summary: 'take the account over with its recovery code; other devices are revoked',
  options: where,
  async run({ args: [userId = ''], values, home, out }) {
    const recoveryCode = await askSecret('Recovery code', out);
    await enterInto(home, (store) => SecureChat.recover({ store, userId, ...placeOf(values), recoveryCode }));
    out.text(`${userId} is here, in ${home}. All other devices were revoked.`);
  },
};

export const recoveryCode: Command = {
  usage: '',
  takes: [0, 0],
  summary: 'show the account key, to be written down: whoever has it has the account',
  run: ({ home, out }) => withClient(home, async (client) => out.text(await client.recoveryCode())),
};

function placeOf(values: Call['values']) {
  return {
    ...ways(),
    server: serverAddress(values),
    serviceKey: values['service-key'],
    deviceId: values.device,
  };
}

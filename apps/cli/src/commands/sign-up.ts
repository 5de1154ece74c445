import { type Client, SecureChat, ServerRefused } from '@securechat/client';
import { askSecret } from '../ask.ts';
import type { Call, Command, Option } from '../command.ts';
import { CommandFailed } from '../failures.ts';
import { clientOptions, deviceOf, deviceOptions, serverAddress, serverOptions } from '../home.ts';
import { enterInto, withClient } from '../session.ts';

const where: Record<string, Option> = {
  ...serverOptions,
  ...deviceOptions,
};

export const signUp: Command = {
  usage: 'NAME',
  takes: [1, 1],
  summary: 'create an account with this as its first device',
  options: {
    ...where,
    invite: { type: 'boolean', doc: 'sign up with an invite, typed or piped in' },
    token: { type: 'boolean', doc: "sign up with your product's token, typed or piped in" },
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

/** Creates the account; resolves when others can write to it. */
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
    'this is not a valid name',
    'A name is 1 to 64 letters of A to Z, digits, _ or -, and does not begin with c_.',
  ],
  PERMISSION_DENIED: [
    'this server requires an invite or a token',
    'With an invite: `securechat signup NAME --invite`; with a token: `securechat signup NAME --token`.',
  ],
};

const uselessAdmission = [
  'this invite or token does not admit this name',
  'It has been used, has expired, or is for another name: ask for a new one.',
] as const;

export const recover: Command = {
  usage: 'NAME',
  takes: [1, 1],
  summary: 'recover an account with its recovery code; its other devices are revoked',
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
  summary: 'show the account key to write down: whoever has it controls the account',
  run: ({ home, out }) => withClient(home, async (client) => out.text(await client.recoveryCode())),
};

function placeOf(values: Call['values']) {
  return {
    ...clientOptions(),
    server: serverAddress(values),
    serviceKey: values['service-key'],
    ...deviceOf(values),
  };
}

import { UsageError } from '../../command.ts';
import { inColumns } from '../../output/columns.ts';
import type { AdminCall, ApiCommand } from '../admin-command.ts';
import { calls } from '../api/calls.ts';
import { eachPage } from './each-page.ts';

const acts: Readonly<Record<string, (call: AdminCall, user: string) => Promise<void>>> = {
  show,
  disable: (call, user) => change(call, user, 'disable', 'is disabled until it is enabled again'),
  enable: (call, user) => change(call, user, 'enable', 'is enabled'),
};

export const accounts: ApiCommand = {
  usage: '[list | show USER | disable USER | enable USER]',
  takes: [0, 2],
  summary: 'list accounts; show one with its devices; disable or enable one',
  async run(call) {
    const [word = 'list', user, ...more] = call.args;
    if (word === 'list' && user === undefined) return list(call);
    const act = Object.hasOwn(acts, word) ? acts[word] : undefined;
    if (!act || user === undefined || more.length > 0)
      throw new UsageError(`securechat admin accounts takes ${accounts.usage}.`);
    await act(call, user);
  },
};

async function list({ api, flags, out }: AdminCall): Promise<void> {
  await eachPage(
    (query) => api.ask(calls.listAccounts, { query }),
    ({ accounts: found }) => {
      if (flags.has('json')) for (const account of found) out.json(account);
      else
        for (const line of inColumns(
          found.map(({ user_id, state, created_at, active_devices }) => [
            state.padEnd('disabled'.length),
            `${active_devices} devices`.padEnd('10 devices'.length),
            `since ${created_at}`,
            user_id,
          ]),
        ))
          out.text(line);
    },
  );
}

async function show({ api, flags, out }: AdminCall, user: string): Promise<void> {
  const account = await api.ask(calls.describeAccount, { params: { user_id: user } });
  if (flags.has('json')) return out.json(account);
  out.text(`${account.user_id}  ${account.state}  since ${account.created_at}`);
  for (const line of deviceLines(account.devices)) out.text(line);
}

async function change(
  { api, flags, out }: AdminCall,
  user: string,
  what: 'disable' | 'enable',
  told: string,
): Promise<void> {
  const answer = await api.ask(calls[what], { params: { user_id: user } });
  if (flags.has('json')) out.json(answer);
  else out.text(`${user} ${told}.`);
}

export const devices: ApiCommand = {
  usage: 'USER',
  takes: [1, 1],
  summary: 'list the devices of a user',
  async run({ api, args: [user = ''], flags, out }) {
    const account = await api.ask(calls.describeAccount, { params: { user_id: user } });
    if (flags.has('json')) for (const device of account.devices) out.json(device);
    else for (const line of deviceLines(account.devices)) out.text(line);
  },
};

type Device = { device_id: string; created_at: string; revoked_at?: string };

const deviceLines = (found: readonly Device[]): string[] =>
  inColumns(
    found.map(({ device_id, created_at, revoked_at }) => [
      device_id,
      `since ${created_at}`,
      revoked_at === undefined ? '' : `revoked ${revoked_at}`,
    ]),
  );

export const revoke: ApiCommand = {
  usage: 'USER DEVICE',
  takes: [2, 2],
  summary: 'revoke a device permanently; its user’s signed list keeps it until the user signs a new one',
  async run({ api, args: [user = '', device = ''], flags, out }) {
    const answer = await api.ask(calls.revoke, { params: { user_id: user, device_id: device } });
    if (flags.has('json')) out.json(answer);
    else out.text(`${device} of ${user} is revoked.`);
  },
};

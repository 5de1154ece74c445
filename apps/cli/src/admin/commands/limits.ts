import { inColumns } from '../../output/columns.ts';
import type { ApiCommand } from '../admin-command.ts';
import { calls, type Limits } from '../api/calls.ts';
import { bytesOf } from './bytes.ts';

export const limits: ApiCommand = {
  usage: '[USER]',
  takes: [0, 1],
  summary: 'show limits and the option that sets each; for a user, also the current usage',
  async run({ api, args: [user], flags, out }) {
    const found: Limits =
      user === undefined
        ? await api.ask(calls.listLimits)
        : await api.ask(calls.describeLimits, { params: { user_id: user } });
    if (flags.has('json')) return out.json(found);
    for (const line of inColumns(found.limits.map((limit) => rowOf(limit, user !== undefined))))
      out.text(line);
    for (const service of found.silent)
      out.hint(`No process of ${service} is running: its limits are unknown.`);
  },
};

type Limit = Limits['limits'][number];

function rowOf(limit: Limit, isOfUser: boolean): string[] {
  const { name, service, most, per, window_seconds, option, used, device_id, is_own } = limit;
  return [
    name,
    isOfUser
      ? `${used === undefined ? '?' : amount(used, limit)} of ${amount(most, limit)}`
      : amount(most, limit),
    `per ${device_id === undefined ? per : `device ${device_id}`}`,
    window_seconds === 0 ? '' : `in ${window_seconds} s`,
    is_own ? 'quota of this user' : `${service}: ${option}`,
  ];
}

const amount = (value: number, { unit }: Limit): string => (unit === 'bytes' ? `${value} B` : String(value));

export const stored: ApiCommand = {
  usage: '',
  takes: [0, 0],
  summary: 'list the users who store the most file data',
  async run({ api, flags, out }) {
    const { users } = await api.ask(calls.listStored);
    if (flags.has('json')) for (const user of users) out.json(user);
    else
      for (const line of inColumns(
        users.map(({ user_id, used, reserved, files, quota }) => [
          user_id,
          `${used} B`,
          `${reserved} B on their way`,
          `${files} files`,
          quota === undefined ? '' : `quota ${quota} B`,
        ]),
      ))
        out.text(line);
  },
};

export const quota: ApiCommand = {
  usage: 'USER BYTES|default',
  takes: [2, 2],
  summary: 'set how many bytes of files a user may store (also 5GB), or reset it to the default',
  async run({ api, args: [user = '', size = ''], flags, out }) {
    const params = { user_id: user };
    const answer =
      size === 'default'
        ? await api.ask(calls.removeQuota, { params })
        : await api.ask(calls.setQuota, { params, body: { bytes: bytesOf(size) } });
    if (flags.has('json')) return out.json(answer);
    out.text(
      size === 'default' ? `${user} may store the default amount.` : `${user} may store ${bytesOf(size)} B.`,
    );
  },
};

import { inColumns } from '../../output/columns.ts';
import type { ApiCommand } from '../admin-command.ts';
import { calls, type Limits } from '../api/calls.ts';
import { bytesOf } from './bytes.ts';

export const limits: ApiCommand = {
  usage: '[USER]',
  takes: [0, 1],
  summary: 'limits in force and which option sets each; of one user, also what stands against them now',
  async run({ api, args: [user], flags, out }) {
    const found: Limits =
      user === undefined
        ? await api.ask(calls.listLimits)
        : await api.ask(calls.describeLimits, { params: { user_id: user } });
    if (flags.has('json')) return out.json(found);
    for (const line of inColumns(found.limits.map((limit) => rowOf(limit, user !== undefined))))
      out.text(line);
    for (const service of found.silent) out.hint(`No process of ${service} runs: its limits are not known.`);
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
  summary: 'who keep most files, and how much',
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
  summary: 'let a user keep so many bytes of files (also 5GB), or as many as all may',
  async run({ api, args: [user = '', size = ''], flags, out }) {
    const params = { user_id: user };
    const answer =
      size === 'default'
        ? await api.ask(calls.removeQuota, { params })
        : await api.ask(calls.setQuota, { params, body: { bytes: bytesOf(size) } });
    if (flags.has('json')) return out.json(answer);
    out.text(size === 'default' ? `${user} may keep what all may.` : `${user} may keep ${bytesOf(size)} B.`);
  },
};

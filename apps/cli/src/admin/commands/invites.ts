import { UsageError } from '../../command.ts';
import { inColumns } from '../../output/columns.ts';
import { wholeNumber } from '../../whole-number.ts';
import type { AdminCall, ApiCommand } from '../admin-command.ts';
import { calls } from '../api/calls.ts';
import { eachPage } from './each-page.ts';

const DAY_SECONDS = 24 * 3600;
const MAX_AT_ONCE = 1_000;
const MAX_DAYS = 365;
/** A token cannot be revoked. */
const MAX_DAYS_OF_ONE_USER = 7;

export const invite: ApiCommand = {
  usage: '',
  takes: [0, 0],
  summary: 'create invite codes, or an invite or token for one named user; shown only once',
  options: {
    count: { type: 'string', value: 'N', doc: 'number of codes; default 1' },
    for: {
      type: 'string',
      value: 'USER',
      doc: 'for this user only: a code or a token, depending on AUTH_ENROLMENT',
    },
    days: { type: 'string', value: 'N', doc: 'days until they expire; default 7' },
  },
  run: (call) => (call.values.for === undefined ? severalCodes(call) : forOne(call, call.values.for)),
};

async function severalCodes({ api, values, flags, out }: AdminCall): Promise<void> {
  const body = {
    count: wholeNumber(values.count ?? '1', '--count', 1, MAX_AT_ONCE),
    valid_seconds: DAY_SECONDS * wholeNumber(values.days ?? '7', '--days', 1, MAX_DAYS),
  };
  const answer = await api.ask(calls.createInvites, { body });
  if (flags.has('json')) return out.json(answer);
  for (const code of answer.invites) out.text(code);
  out.hint(`Good until ${timeText(answer.expires_at)}, each for one account, if AUTH_ENROLMENT is invite.`);
}

async function forOne({ api, values, flags, out }: AdminCall, user: string): Promise<void> {
  if (values.count !== undefined)
    throw new UsageError('--for and --count exclude each other: one user needs one code.');
  const days = wholeNumber(values.days ?? '7', '--days', 1, MAX_DAYS_OF_ONE_USER);
  const ask = { params: { user_id: user }, body: { valid_seconds: days * DAY_SECONDS } };
  const answer = await api.ask(calls.admit, ask);
  if (flags.has('json')) return out.json(answer);
  out.text(answer.invite ?? answer.token ?? '');
  out.hint(
    `${answer.token ? 'A token' : 'A code'} for ${user} alone, good until ${timeText(answer.expires_at)}.`,
  );
}

export const invites: ApiCommand = {
  usage: '',
  takes: [0, 0],
  summary: 'list unused invites, without their codes',
  run: ({ api, flags, out }) =>
    eachPage(
      (query) => api.ask(calls.listInvites, { query }),
      ({ invites: found }) => {
        if (flags.has('json')) for (const each of found) out.json(each);
        else
          for (const line of inColumns(
            found.map(({ invite_id, created_at, expires_at, for_user }) => [
              `until ${expires_at}`,
              `made ${created_at}`,
              `SHA-256 ${invite_id}`,
              for_user === undefined ? '' : `for ${for_user}`,
            ]),
          ))
            out.text(line);
      },
    ),
};

const timeText = (unixSeconds: number): string => new Date(unixSeconds * 1000).toISOString();

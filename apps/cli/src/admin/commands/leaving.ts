import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { askAgain } from '../../ask.ts';
import { type Option, UsageError } from '../../command.ts';
import { CommandFailed } from '../../failures.ts';
import { fromHere } from '../../home.ts';
import type { AdminCall, ApiCommand } from '../admin-command.ts';
import { calls, type Receipt } from '../api/calls.ts';

/** Auth's erasure job runs every ten seconds. */
const LOOK_EVERY_MS = 2_000;
/** An export contains names of devices and conversations, so only its requester may read it. */
const OWNER_ONLY = 0o600;

const wait: Option = {
  type: 'boolean',
  doc: 'wait until it is finished; interrupting this does not stop the erasure',
};

export const erase: ApiCommand = {
  usage: 'USER',
  takes: [1, 1],
  summary: 'erase a user permanently: cut off at once, deleted in the background; prints the receipt',
  options: { yes: { type: 'boolean', doc: 'do not ask for confirmation' }, wait },
  async run(call) {
    const { api, args, flags, out } = call;
    const [user = ''] = args;
    if (!flags.has('yes')) await confirm(call, user);
    const { erasure_id } = await api.ask(calls.erase, { params: { user_id: user } });
    // printed before anything else can fail: nothing else leads to the receipt
    out.hint(
      `${user} is cut off. \`securechat admin receipt ${erasure_id}\` shows the progress; keep this id.`,
    );
    await follow(call, erasure_id);
  },
};

async function confirm({ out }: AdminCall, user: string): Promise<void> {
  const typed = await askAgain(`Erasing ${user} cannot be undone. Type the name of the user to go on:`, out);
  if (typed !== user)
    throw new UsageError('That is not the name; nothing was done. --yes skips this question.');
}

export const receipt: ApiCommand = {
  usage: 'ID',
  takes: [1, 1],
  summary: 'show the progress of an erasure, and finally what was removed',
  options: { wait },
  run: (call) => follow(call, call.args[0] ?? ''),
};

/** Prints the receipt; with `--wait` only once the erasure is finished, and until then the progress. */
async function follow({ api, flags, out }: AdminCall, id: string): Promise<void> {
  const params = { erasure_id: id };
  let found = await api.ask(calls.describeErasure, { params });
  for (let told = ''; flags.has('wait') && found.state !== 'finished'; ) {
    const now = progressText(found);
    if (now !== told) out.hint(now);
    told = now;
    await sleep(LOOK_EVERY_MS);
    found = await api.ask(calls.describeErasure, { params });
  }
  if (flags.has('json')) out.json(found);
  else for (const line of receiptLines(found)) out.text(line);
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

function progressText({ removed, waiting }: Receipt): string {
  const for_ = Object.entries(waiting).map(([what, count]) => `${count} ${what}`);
  return `${sum(removed)} rows deleted${for_.length > 0 ? `; waiting for ${for_.join(', ')}` : ''}`;
}

function receiptLines({
  erasure_id,
  subject_sha256,
  asked_at,
  finished_at,
  removed,
  waiting,
}: Receipt): string[] {
  const lines = (counts: Readonly<Record<string, number>>): string[] =>
    Object.entries(counts).map(([what, count]) => `  ${String(count).padStart(8)}  ${what}`);
  return [
    `erasure   ${erasure_id}`,
    `of        SHA-256 ${subject_sha256}`,
    `asked     ${asked_at}`,
    `finished  ${finished_at ?? 'not yet'}`,
    'removed',
    ...lines(removed),
    ...(sum(waiting) > 0 ? ['waiting for', ...lines(waiting)] : []),
  ];
}

export const exportUser: ApiCommand = {
  usage: 'USER',
  takes: [1, 1],
  summary: 'export all stored data about a user as JSON, without content; recorded in the audit log',
  options: { to: { type: 'string', value: 'FILE', doc: 'write to a new file that only its owner can read' } },
  async run({ api, args: [user = ''], values, flags, out }) {
    const file = values.to === undefined ? undefined : await createFile(fromHere(values.to));
    try {
      const found = await api.ask(calls.exportAccount, { params: { user_id: user } });
      if (file) {
        await file.writeFile(`${JSON.stringify(found, undefined, 2)}\n`);
        out.text(`The data stored about ${user} is in ${values.to}.`);
      } else if (flags.has('json')) out.json(found);
      else out.text(JSON.stringify(found, undefined, 2));
    } finally {
      await file?.close();
    }
  },
};

/** Created before the request: an export is recorded in the audit log, and must not be made in vain. */
async function createFile(path: string) {
  try {
    return await open(path, 'wx', OWNER_ONLY);
  } catch (error) {
    throw new CommandFailed(
      `${path} cannot be created (${(error as NodeJS.ErrnoException).code})`,
      'Existing files are not overwritten: name another file.',
    );
  }
}

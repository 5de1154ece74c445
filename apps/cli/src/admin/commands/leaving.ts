import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { askAgain } from '../../ask.ts';
import { type Option, UsageError } from '../../command.ts';
import { CommandFailed } from '../../failures.ts';
import { fromHere } from '../../home.ts';
import type { AdminCall, ApiCommand } from '../admin-command.ts';
import { calls, type Receipt } from '../api/calls.ts';

/** The job of auth that erases looks every ten seconds. */
const LOOK_EVERY_MS = 2_000;
/** An export has names of devices and conversations; it is for whoever asked for it. */
const OWNER_ONLY = 0o600;

const wait: Option = {
  type: 'boolean',
  doc: 'follow it until it is finished; ending this command ends no erasure',
};

export const erase: ApiCommand = {
  usage: 'USER',
  takes: [1, 1],
  summary: 'erase a user for good: cut off at once, gone in the background; prints the receipt',
  options: { yes: { type: 'boolean', doc: 'do not ask whether this is meant' }, wait },
  async run(call) {
    const { api, args, flags, out } = call;
    const [user = ''] = args;
    if (!flags.has('yes')) await confirm(call, user);
    const { erasure_id } = await api.ask(calls.erase, { params: { user_id: user } });
    // before anything else can fail: nothing else leads to the receipt
    out.hint(
      `${user} is cut off. \`securechat admin receipt ${erasure_id}\` tells how far it is; keep this id.`,
    );
    await follow(call, erasure_id);
  },
};

async function confirm({ out }: AdminCall, user: string): Promise<void> {
  const typed = await askAgain(`Erasing ${user} cannot be undone. Type the name of the user to go on:`, out);
  if (typed !== user)
    throw new UsageError('That is not the name; nothing was done. Without a question: --yes.');
}

export const receipt: ApiCommand = {
  usage: 'ID',
  takes: [1, 1],
  summary: 'how far an erasure is, and in the end what was removed',
  options: { wait },
  run: (call) => follow(call, call.args[0] ?? ''),
};

/** Prints the receipt; where that is wanted, only when it is finished, and until then what is waited for. */
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
  return `${sum(removed)} rows are gone${for_.length > 0 ? `; waiting for ${for_.join(', ')}` : ''}`;
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
  summary: 'all that is stored of a user, as JSON, without content; written to the audit log',
  options: { to: { type: 'string', value: 'FILE', doc: 'into a new file that only its owner can read' } },
  async run({ api, args: [user = ''], values, flags, out }) {
    const file = values.to === undefined ? undefined : await createFile(fromHere(values.to));
    try {
      const found = await api.ask(calls.exportAccount, { params: { user_id: user } });
      if (file) {
        await file.writeFile(`${JSON.stringify(found, undefined, 2)}\n`);
        out.text(`What is stored of ${user} is in ${values.to}.`);
      } else if (flags.has('json')) out.json(found);
      else out.text(JSON.stringify(found, undefined, 2));
    } finally {
      await file?.close();
    }
  },
};

/** Before anything is asked: an export stands in the audit log, and is not to be made for nothing. */
async function createFile(path: string) {
  try {
    return await open(path, 'wx', OWNER_ONLY);
  } catch (error) {
    throw new CommandFailed(
      `${path} cannot be made (${(error as NodeJS.ErrnoException).code})`,
      'Nothing is written over: name another file.',
    );
  }
}

// node src/invites.ts [COUNT] [--days N]: creates invites and prints their codes, one per line; each lets one person
// create an account where AUTH_ENROLMENT is invite. Open to whoever has auth's POSTGRES_URL. The database stores only
// hashes.
import { parseArgs } from 'node:util';
import { noWords, readConfig, runCommand, UsageError } from '@securechat/kernel';
import { createInvites } from './admin/admin.ts';
import { atTerminal } from './admin/once.ts';
import { migrateOptions } from './config.ts';
import { MAX_INVITES_AT_ONCE, MAX_VALID_SECONDS } from './http/admin/shapes.ts';
import { withPool } from './with-pool.ts';

const DAY_SECONDS = 24 * 3600;
const USAGE =
  'Usage: node src/invites.ts [COUNT] [--days N]    # one that is good for a week, unless told otherwise';

function wholeNumber(text: string, name: string, most: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > most)
    throw new UsageError(`${name} is a number from 1 to ${most}.`);
  return number;
}

async function run(): Promise<string> {
  const { values, positionals } = parseArgs({
    options: { days: { type: 'string', default: '7' } },
    allowPositionals: true,
  });
  const [countText = '1', ...more] = positionals;
  noWords(more);
  const count = wholeNumber(countText, 'COUNT', MAX_INVITES_AT_ONCE);
  const days = wholeNumber(values.days, '--days', MAX_VALID_SECONDS / DAY_SECONDS);
  const { secrets } = readConfig(migrateOptions);
  const { codes } = await withPool('invites', secrets.postgresUrl, (pool) =>
    createInvites(pool, atTerminal, count, days * DAY_SECONDS),
  );
  return codes.join('\n');
}

await runCommand(USAGE, run);

// node src/dead-letters.ts list | show ID | replay ID | drop ID: records that could not succeed. POSTGRES_URL is that of the owner of
// the tables: no service may read them. Shows no content and names no person.
import { dropLetter, findLetter, listLetters, NoSuchLetter, replayLetter } from './dead-letters/letters.ts';
import { tellLetter, tellLetters } from './dead-letters/tell.ts';
import { type Stores, withStores } from './with-stores.ts';

const USAGE = `Usage: node src/dead-letters.ts list
       node src/dead-letters.ts show ID
       node src/dead-letters.ts replay ID   # back into its stream, from where it came
       node src/dead-letters.ts drop ID
`;

const [word = '', id = ''] = process.argv.slice(2);
const isSound = word === 'list' || (['show', 'replay', 'drop'].includes(word) && /^\d{1,18}$/.test(id));
if (!isSound) {
  process.stderr.write(USAGE);
  process.exit(2);
}

async function act({ pool, streams, redis }: Stores): Promise<string> {
  if (word === 'list') return tellLetters(await listLetters(pool));
  if (word === 'show') return tellLetter(await findLetter(pool, id));
  if (word === 'replay') {
    const stream = await replayLetter(pool, await redis(), id, [...streams.ordered, ...streams.acks]);
    return `${id} is in ${stream} again: look with \`list\` whether it comes back`;
  }
  await dropLetter(pool, id);
  return `${id} is gone`;
}

try {
  process.stdout.write(`${await withStores('dead-letters', act)}\n`);
} catch (error) {
  if (!(error instanceof NoSuchLetter)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

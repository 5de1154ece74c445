// node src/dead-letters.ts list | show ID | replay ID | drop ID: records that cannot be processed. POSTGRES_URL must
// be the table owner's, since no service role may read them. Shows no content and names no person.
import { parseArgs } from 'node:util';
import { noWords, oneWord, runCommand, UsageError } from '@securechat/kernel';
import { dropLetter, findLetter, listLetters, replayLetter } from './dead-letters/letters.ts';
import { tellLetter, tellLetters } from './dead-letters/tell.ts';
import { type Stores, withStores } from './with-stores.ts';

const USAGE = `Usage: node src/dead-letters.ts list
       node src/dead-letters.ts show ID
       node src/dead-letters.ts replay ID   # back into its stream, from where it came
       node src/dead-letters.ts drop ID`;

type Act = (stores: Stores) => Promise<string>;

function actOf([word = '', ...rest]: readonly string[]): Act {
  if (word === 'list') {
    noWords(rest);
    return async ({ pool }) => tellLetters(await listLetters(pool));
  }
  if (!['show', 'replay', 'drop'].includes(word)) throw new UsageError('What is to be done?');
  const id = oneWord('ID', rest);
  if (!/^\d{1,18}$/.test(id)) throw new UsageError('An ID is a number: `list` shows those there are.');
  if (word === 'show') return async ({ pool }) => tellLetter(await findLetter(pool, id));
  return word === 'replay' ? toReplay(id) : toDrop(id);
}

function toReplay(id: string): Act {
  return async ({ pool, streams, redis }) => {
    const stream = await replayLetter(pool, await redis(), id, [...streams.ordered, ...streams.acks]);
    return `${id} is in ${stream} again: look with \`list\` whether it comes back`;
  };
}

function toDrop(id: string): Act {
  return async ({ pool }) => {
    await dropLetter(pool, id);
    return `${id} is gone`;
  };
}

await runCommand(USAGE, () => {
  const act = actOf(parseArgs({ allowPositionals: true }).positionals);
  return withStores('dead-letters', act);
});

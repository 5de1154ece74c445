// npm run soak:e2ee -- [soak] [fuzz] [group] [turnover] [options]
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';
import { largeGroup } from './large-group.ts';
import { soak } from './soak.ts';
import { turnover } from './turnover.ts';

const USAGE = `Usage: npm run soak:e2ee -- [soak] [fuzz] [group] [turnover] [options]
  --messages N   of soak (default 100,000; about ten minutes)
  --secs N       of fuzz (default 60)
  --people N     of group, with two devices each, all of them taking part (default 100; about five minutes)
  --commits N    of turnover (default 2,000; about five minutes)
  --seed N       of soak, fuzz and turnover (default: the time)`;

const NAMES = ['soak', 'fuzz', 'group', 'turnover'];
const options = readOptions();
console.log(`seed ${options.seed}`);
const runs: Record<string, () => Promise<object>> = {
  soak: () =>
    soak({ ...options, perEpoch: 250 }, (sent) => sent % 5_000 === 0 && console.log(`  ${sent} messages`)),
  fuzz: () => {
    const end = performance.now() + options.secs * 1000;
    return fuzz({ seed: options.seed, until: () => performance.now() > end });
  },
  group: () =>
    largeGroup({ people: options.people, watching: 2 * options.people - 3 }, (step) =>
      console.log(`  ${step}`),
    ),
  turnover: () => turnover(options),
};
for (const name of options.names) {
  console.log(name);
  const startedAt = performance.now();
  const result = await runs[name]?.();
  console.log(`  ${JSON.stringify(result)} in ${Math.round((performance.now() - startedAt) / 1000)} s`);
}

function readOptions() {
  const text = { type: 'string' } as const;
  const known = {
    messages: text,
    secs: text,
    people: text,
    commits: text,
    seed: text,
    help: { type: 'boolean' },
  } as const;
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: known });
    if (values.help) {
      console.log(USAGE);
      process.exit(0);
    }
    const unknown = positionals.filter((name) => !NAMES.includes(name));
    if (unknown.length > 0) throw new Error(`There is nothing called ${unknown.join(', ')}.`);
    return {
      names: positionals.length > 0 ? positionals : NAMES,
      messages: wholeNumber('messages', values.messages, 100_000),
      secs: wholeNumber('secs', values.secs, 60),
      people: wholeNumber('people', values.people, 100),
      commits: wholeNumber('commits', values.commits, 2_000),
      seed: wholeNumber('seed', values.seed, Math.floor(Date.now() / 1000)),
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(1);
  }
}

function wholeNumber(name: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  if (!/^[1-9]\d{0,9}$/.test(given)) throw new Error(`--${name} wants a whole number, not ${given}.`);
  return Number(given);
}

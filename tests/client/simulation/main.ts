// npm run simulate: people with several devices who write, come, go and change devices; then everybody has the same.
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { readOrEnd, wholeNumber } from '../../../scripts/read-or-end.ts';
import { startConstellation } from '../../support/constellation.ts';
import { simulate } from './simulate.ts';

const USAGE = `npm run simulate [-- options]

  --seed S       the choices of an earlier run; otherwise a fresh one is drawn and printed
  --people N     default 50
  --devices N    of each person at most; default 3
  --messages N   default 20,000`;

const plan = readOrEnd(USAGE, () => {
  const text = { type: 'string' } as const;
  const known = { seed: text, people: text, devices: text, messages: text } as const;
  const { values } = parseArgs({ options: { ...known, help: { type: 'boolean' } } });
  if (values.help) return undefined;
  return {
    seed: wholeNumber('seed', values.seed, randomInt(1, 2 ** 31)),
    people: wholeNumber('people', values.people, 50),
    devicesEach: wholeNumber('devices', values.devices, 3),
    messages: wholeNumber('messages', values.messages, 20_000),
  };
});

const say = (line: string): void => console.log(`[simulate] ${line}`);
say(`seed ${plan.seed}`);
const constellation = await startConstellation({ gateways: 2, redis: 'own', postgres: 'own' });
try {
  const { counts, conversations, lines, ...faults } = await simulate(constellation, plan, say);
  say(`${conversations} conversations, ${lines} messages; ${JSON.stringify(counts)}`);
  for (const [name, list] of Object.entries(faults)) {
    for (const fault of list.slice(0, 40)) say(`${name}: ${fault}`);
    say(`${list.length} ${name}`);
  }
  const failed = Object.values(faults).filter((list) => list.length > 0).length;
  console.log(`${Object.keys(faults).length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  await constellation.stop();
}

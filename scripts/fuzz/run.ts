import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '../../tests/chaos/random.ts';
import { startConstellation } from '../../tests/support/constellation.ts';
import { chosen, readOrEnd } from '../read-or-end.ts';
import { ROOT } from '../tools.ts';
import { fuzz } from './fuzz.ts';
import { codeTarget, markdownTarget, plaintextTarget } from './targets/client.ts';
import { keyPackageTarget } from './targets/key-package.ts';
import { httpTarget, sessionTarget } from './targets/live.ts';
import { downstreamTarget, framesTarget, upstreamTarget } from './targets/protocol.ts';

const NAMES = [
  ...['upstream', 'downstream', 'frames', 'key-package', 'plaintext'],
  ...['link-code', 'markdown', 'session', 'http'],
];
const USAGE = `npm run fuzz [-- options] [targets]

  --minutes N    of all targets together; default 5
  --seed S       the choices of an earlier run; otherwise a fresh one is drawn and printed
  targets        ${NAMES.join(' ')}; default all

Inputs that reach code which none before has reached are kept in .data/fuzz, and each run goes on from them. An input that
shows something wrong stays there as fault-…, and is tried first by the next run.`;

const { minutes, seed, wanted } = readOrEnd(USAGE, () => {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { minutes: text, seed: text, help: { type: 'boolean' } },
  });
  if (values.help) return undefined;
  return {
    minutes: positive('minutes', values.minutes ?? '5'),
    seed: positive('seed', values.seed ?? `${randomInt(1, 2 ** 31)}`),
    wanted: chosen('target', positionals, NAMES),
  };
});
process.exitCode = (await run()) === 0 ? 0 : 1;

/** Returns the number of targets with a fault. */
async function run(): Promise<number> {
  const folder = join(ROOT, '.data', 'fuzz');
  const constellation = await startConstellation({
    gateways: 1,
    deliveries: 1,
    presences: 1,
    files: 1,
    redis: 'own',
    postgres: 'own',
  });
  try {
    const targets = [
      ...[upstreamTarget, downstreamTarget, framesTarget, keyPackageTarget],
      ...[await plaintextTarget(), await codeTarget(), markdownTarget],
      ...[await sessionTarget(constellation), httpTarget(constellation)],
    ].filter(({ name }) => wanted.some((each) => each === name));
    const eachMs = (minutes * 60_000) / targets.length;
    console.log(`[fuzz] seed ${seed}, ${Math.round(eachMs / 1000)} s each`);
    let failed = 0;
    for (const target of targets) {
      const random = seededRandom(seed).fork(target.name);
      const { inputs, kept, fault } = await fuzz(target, {
        random,
        untilMs: performance.now() + eachMs,
        folder,
      });
      console.log(
        `[fuzz] ${target.name}: ${inputs} inputs, ${kept} of them kept${fault ? `; WRONG: ${fault}` : ''}`,
      );
      if (fault !== undefined) failed += 1;
    }
    console.log(`${targets.length - failed} passed, ${failed} failed`);
    return failed;
  } finally {
    await constellation.stop();
  }
}

function positive(name: string, given: string): number {
  if (!(Number(given) > 0)) throw new Error(`--${name} wants a number above 0, not ${given}.`);
  return Number(given);
}

import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seededRandom } from '../../tests/chaos/random.ts';
import { startConstellation } from '../../tests/support/constellation.ts';
import { ROOT } from '../tools.ts';
import { fuzz } from './fuzz.ts';
import type { Target } from './target.ts';
import { codeTarget, markdownTarget, plaintextTarget } from './targets/client.ts';
import { keyPackageTarget } from './targets/key-package.ts';
import { httpTarget, sessionTarget } from './targets/live.ts';
import { downstreamTarget, framesTarget, upstreamTarget } from './targets/protocol.ts';

const USAGE = `npm run fuzz [-- options] [targets]

  --minutes N    of all targets together; default 5
  --seed S       the choices of an earlier run; otherwise a fresh one is drawn and printed
  targets        upstream downstream frames key-package plaintext link-code markdown session http; default all

Inputs that reach code which none before has reached are kept in .data/fuzz, and each run goes on from them. An input that
shows something wrong stays there as fault-…, and is tried first by the next run.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(USAGE);
else process.exitCode = (await run()) === 0 ? 0 : 1;

/** Returns the number of targets with a fault. */
async function run(): Promise<number> {
  const seed = Number(values.seed ?? randomInt(1, 2 ** 31));
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
    const targets = choose([
      ...[upstreamTarget, downstreamTarget, framesTarget, keyPackageTarget],
      ...[await plaintextTarget(), await codeTarget(), markdownTarget],
      ...[await sessionTarget(constellation), httpTarget(constellation)],
    ]);
    const eachMs = (Number(values.minutes) * 60_000) / targets.length;
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

function choose(all: readonly Target[]): Target[] {
  const unknown = positionals.filter((name) => !all.some((target) => target.name === name));
  if (unknown.length > 0) throw new Error(`There is nothing called ${unknown.join(', ')}.\n\n${USAGE}`);
  return all.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
}

// node guided.ts maze|busy FOLDER MS: fuzzes one target by what has run, and prints the outcome as JSON. A process of its own, because
// counting slows down what is compiled after its start, and a question about it takes the longer the more is loaded.
import { seededRandom } from '../../../tests/chaos/random.ts';
import { startCounting } from '../coverage.ts';
import type { Target } from '../target.ts';

await startCounting();
const [{ fuzz }, { walk }] = await Promise.all([import('../fuzz.ts'), import('./maze.ts')]);

const [name = '', folder = '', ms] = process.argv.slice(2);
const seeds = [Buffer.from('nothing')];
const targets: Record<string, Target> = {
  maze: { name: 'maze', seeds, run: walk, guidedBy: /\/scripts\/fuzz\/testing\/maze\.ts$/ },
  busy: {
    ...{ name: 'busy', seeds, guidedBy: /^$/ },
    run() {
      for (const until = performance.now() + 2_100; performance.now() < until; );
    },
  },
};
const target = targets[name];
if (!target) throw new Error(`there is no target ${name}`);
const plan = { random: seededRandom(7), untilMs: performance.now() + Number(ms), folder };
console.log(JSON.stringify(await fuzz(target, plan)));

import { setTimeout as wait } from 'node:timers/promises';
import type { Edge } from '../edges.ts';
import type { Mode } from '../proxy.ts';
import type { Random } from '../random.ts';
import type { Nemesis, Scene } from './nemesis.ts';

const BETWEEN_MS = 1_500;

const modes: readonly ((random: Random) => Mode)[] = [
  () => ({ kind: 'reset' }),
  () => ({ kind: 'swallow' }),
  () => ({ kind: 'blackhole', of: ['up', 'down'] }),
  (random) => ({ kind: 'blackhole', of: [random.pick(['up', 'down'] as const)] }),
  (random) => ({ kind: 'delay', ms: random.between(50, 800) }),
  (random) => ({ kind: 'throttle', bytesPerSecond: random.between(2_000, 20_000), of: ['up', 'down'] }),
];

export const hurtEdges: Nemesis = {
  what: 'cut, delay, throttle or swallow on edges',
  hurts: 'network',
  async strike(scene) {
    const { world, random, times } = scene;
    const done: string[] = [];
    for (let n = 0; n < times; n++) {
      if (n > 0) await wait(BETWEEN_MS);
      // two at once, so that both ends of a part can be affected
      const edges = random.shuffled(world.edges.all).slice(0, 2);
      done.push(
        await apply(
          scene,
          edges.map((edge) => ({ edge, mode: random.pick(modes)(random) })),
        ),
      );
    }
    return done.join('; ');
  },
};

async function apply({ lastsMs }: Scene, blows: readonly { edge: Edge; mode: Mode }[]): Promise<string> {
  try {
    for (const { edge, mode } of blows) edge.proxy.set(mode);
    await wait(lastsMs);
  } finally {
    for (const { edge } of blows) edge.proxy.set({ kind: 'pass' });
  }
  return blows.map(({ edge, mode }) => `${words(mode)} ${edge.name}`).join(' and ');
}

function words(mode: Mode): string {
  switch (mode.kind) {
    case 'pass':
      return 'nothing on';
    case 'reset':
      return 'reset of';
    case 'swallow':
      return 'answers swallowed on';
    case 'delay':
      return `delay of ${mode.ms} ms on`;
    case 'throttle':
      return `${mode.bytesPerSecond} bytes/s on`;
    case 'blackhole':
      return `black hole (${mode.of.join(' and ')}) on`;
  }
}

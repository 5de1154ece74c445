import { setTimeout as wait } from 'node:timers/promises';
import type { ServiceProcess } from '../../support/service-process.ts';
import type { Nemesis, Scene } from './nemesis.ts';

/** Between two kills, so that what was taken over can be lost again. */
const BETWEEN_KILLS_MS = 4_000;
/** Longer than a lease, and longer than Postgres allows an idle transaction. */
const PAUSE_MS = 12_000;
const AUTH_AWAY_MS = 4_000;

const TEN_MINUTES_MS = 600_000;
/** The gateway accepts times up to five minutes ahead of its own clock. */
const GATEWAY_BEHIND_MS = 240_000;

async function killSome(
  { random, times }: Scene,
  processes: readonly ServiceProcess[],
  mostAwayMs: number,
): Promise<string> {
  const killed: string[] = [];
  for (let n = 0; n < times; n++) {
    if (n > 0) await wait(BETWEEN_KILLS_MS);
    const doomed = random.pick(processes);
    await doomed.kill('SIGKILL');
    await wait(random.between(0, mostAwayMs));
    await doomed.restart();
    killed.push(doomed.name);
  }
  return `killed ${killed.join(', ')}`;
}

export const killGateway: Nemesis = {
  what: 'kill -9 a gateway',
  hurts: 'gateway',
  strike: (scene) => killSome(scene, scene.world.constellation.gateways, 1_000),
};

export const killDelivery: Nemesis = {
  what: 'kill -9 a delivery process',
  hurts: 'delivery',
  strike: (scene) => killSome(scene, scene.world.constellation.deliveries, 3_500),
};

export const pauseDelivery: Nemesis = {
  what: 'SIGSTOP a delivery process for 12 s',
  hurts: 'delivery',
  async strike({ world, random }) {
    const zombie = random.pick(world.constellation.deliveries);
    await zombie.kill('SIGSTOP');
    try {
      await wait(PAUSE_MS);
    } finally {
      await zombie.kill('SIGCONT');
    }
    return `paused ${zombie.name}`;
  },
};

export const stopAuth: Nemesis = {
  what: 'kill or stop auth',
  hurts: 'auth',
  async strike({ world, random }) {
    const [auth] = world.constellation.auths;
    if (!auth) throw new Error('there is no auth to stop');
    const signal = random.pick(['SIGKILL', 'SIGTERM'] as const);
    await auth.kill(signal);
    await wait(AUTH_AWAY_MS);
    await auth.restart();
    return `${signal} to ${auth.name}, away for ${AUTH_AWAY_MS / 1000} s`;
  },
};

export const rollingRestart: Nemesis = {
  what: 'rolling restart of every service',
  hurts: 'services',
  async strike({ world }) {
    // like a deployment: in turn, each once the previous one is ready
    for (const service of world.services) await service.restart();
    return `restarted ${world.services.length} processes one by one`;
  },
};

export const skewClock: Nemesis = {
  what: 'a wrong wall clock in one process',
  hurts: 'services',
  async strike({ world, random, lastsMs }) {
    const skewed = random.pick([...world.constellation.gateways, ...world.constellation.deliveries]);
    const back = skewed.name.startsWith('gateway') ? -GATEWAY_BEHIND_MS : -TEN_MINUTES_MS;
    const offsetMs = random.pick([TEN_MINUTES_MS, back]);
    try {
      await skewed.restart(skewed.root, { SECURECHAT_CLOCK_OFFSET_MS: String(offsetMs) });
      await wait(2 * lastsMs);
    } finally {
      await skewed.restart(skewed.root, { SECURECHAT_CLOCK_OFFSET_MS: '0' });
    }
    return `${skewed.name} was ${offsetMs / 60_000} min off`;
  },
};

import { setTimeout as wait } from 'node:timers/promises';
import type { Nemesis, Scene } from './nemesis.ts';

const MOST_AWAY_MS = 2_500;
const BETWEEN_MS = 4_000;

export const stopPostgres: Nemesis = {
  what: 'stop Postgres at once, or kill one of its backends',
  hurts: 'postgres',
  async strike(scene) {
    const done: string[] = [];
    for (let n = 0; n < scene.times; n++) {
      if (n > 0) await wait(BETWEEN_MS);
      done.push(scene.random.next() < 0.5 ? await stopAtOnce(scene) : await killBackend(scene));
    }
    return done.join('; ');
  },
};

async function stopAtOnce({ world, random }: Scene): Promise<string> {
  await world.postgres.end('SIGQUIT');
  const awayMs = random.between(0, MOST_AWAY_MS);
  await wait(awayMs);
  await world.postgres.start();
  return `stopped at once, away for ${awayMs} ms`;
}

/** The server's other backends end too: shared memory may be corrupt, so Postgres recovers from its log. */
async function killBackend({ world }: Scene): Promise<string> {
  const [busy] = await world.rows<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
      ORDER BY (state = 'active') DESC, (usename = 'securechat_delivery') DESC, state_change DESC LIMIT 1`,
  );
  if (!busy) return 'no backend was there to be killed';
  // of our own server on this machine: the harness refuses containers
  process.kill(busy.pid, 'SIGKILL');
  return 'killed a backend';
}

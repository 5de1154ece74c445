import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { lastLines, spawnGuarded } from '@securechat/embedded';
import { ROOT } from '../tools.ts';
import type { StackUrls } from './data-servers.ts';
import { freshLog } from './logs.ts';
import type { Running } from './running.ts';

type Surroundings = { dataFolder: string; urls: StackUrls; running: Running; say: (line: string) => void };

/** Migrates the service's tables, as their owner. */
export async function migrate(
  service: string,
  { dataFolder, urls, running, say }: Surroundings,
): Promise<void> {
  running.throwIfStopping();
  const script = join(ROOT, 'services', service, 'src', 'migrate.ts');
  if (!existsSync(script)) throw new Error(`${script} is missing: take a complete copy of the project.`);
  const logFile = freshLog(dataFolder, `${service}-migrate`);
  const startedAtMs = performance.now();
  const child = await spawnGuarded(process.execPath, [script], {
    cwd: ROOT,
    env: { ...process.env, POSTGRES_URL: urls.postgres, REDIS_URL: urls.redis },
    logFile,
  });
  // Ctrl-C must not wait for a migration; each one is a transaction, so the next start repeats it
  void running.stopRequested.then(() => child.stop('SIGTERM'));
  const { code, signal } = await child.exited;
  running.throwIfStopping();
  if (code !== 0) {
    throw new Error(
      `the migration of ${service} failed (${signal ?? `code ${code}`}).\n${lastLines(logFile, 20)}`,
    );
  }
  say(`${service}: tables up to date (${Math.round(performance.now() - startedAtMs)} ms)`);
}

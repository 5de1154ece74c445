// npm start: the whole system on this machine. Redis, Postgres and every service, each in its own process.
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { takeNoOptions } from './read-or-end.ts';
import { startDataServers } from './stack/data-servers.ts';
import { migrate } from './stack/migrate.ts';
import { choosePorts } from './stack/ports.ts';
import { createRunning } from './stack/running.ts';
import { ensureSecrets } from './stack/secrets.ts';
import { startService } from './stack/service-process.ts';
import { serviceInstances } from './stack/services.ts';
import { claimStackFile } from './stack/stack-file.ts';
import { printSummary } from './stack/summary.ts';
import { startWeb } from './stack/web.ts';
import { ROOT } from './tools.ts';

const USAGE = `Usage: npm start
Starts Redis, Postgres, every service and the web client on this machine, and prints where they are. Ctrl-C stops everything.
REDIS_URL and POSTGRES_URL name servers of your own: see docs/configuration.md.`;

takeNoOptions(USAGE);
const say = (line: string) => console.log(`[start] ${line}`);
const dataFolder = join(ROOT, '.data');
mkdirSync(dataFolder, { recursive: true });
// not readable by others, but Postgres's unprivileged user can pass through
chmodSync(dataFolder, 0o711);

const stackFile = claimStackFile(join(dataFolder, 'stack.json'));
const running = createRunning(say);
try {
  const startedAtMs = performance.now();
  const ports = await choosePorts();
  const urls = await startDataServers({ dataFolder, ports, running, say });
  for (const service of ['auth', 'delivery', 'presence', 'files', 'push'])
    await migrate(service, { dataFolder, urls, running, say });

  const secrets = ensureSecrets(join(dataFolder, 'secrets.json'));
  const instances = serviceInstances({ ports, urls, secrets });
  // gateways last, so that everything behind them is ready for the first client
  for (const stage of ['data', 'edge'] as const) {
    const stageInstances = instances.filter((instance) => instance.stage === stage);
    await Promise.all(stageInstances.map((instance) => startService(instance, { dataFolder, running, say })));
  }
  const webUrl = await startWeb({ port: ports.web[0] as number, instances }, { dataFolder, running, say });
  const writeStack = () => stackFile.write({ instances, urls, processes: running.processes() });
  writeStack();
  running.onRestart(writeStack);
  printSummary({ instances, urls, processes: running.processes(), webUrl });
  say(`ready after ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s. Ctrl-C stops everything.`);
  await running.stopRequested;
} catch (error) {
  running.fail(error);
}
await running.stop();
stackFile.remove();
process.exit(running.failed() ? 1 : 0);

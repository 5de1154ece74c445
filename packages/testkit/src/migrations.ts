import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The folder of the whole project. */
export const ROOT = join(import.meta.dirname, '../../..');

/** In this order: later ones refer to tables of earlier ones. */
const MIGRATED_SERVICES = ['auth', 'delivery', 'presence', 'files', 'push'];
const MIGRATE_DEADLINE_MS = 300_000;

/** Runs the migrations of all services as their owner would: each service's own program, in turn. `root`: the folder of another release. */
export async function migrate(url: string, root: string = ROOT): Promise<void> {
  for (const program of migrationPrograms(root)) await runProgram(program, url);
}

/** Changes with every migration, so that a server outliving the run never provides an outdated template. */
export function templateName(prefix: string): string {
  const hash = createHash('sha256');
  for (const program of migrationPrograms()) {
    hash.update(readFileSync(program));
    const folder = join(program, '../migrations');
    for (const file of filesBelow(folder)) {
      hash.update(relative(ROOT, file)).update(readFileSync(file));
    }
  }
  return prefix + hash.digest('hex').slice(0, 16);
}

function migrationPrograms(root: string = ROOT): string[] {
  const programs = MIGRATED_SERVICES.map((service) => join(root, 'services', service, 'src/migrate.ts'));
  // an earlier release may not have had all of them
  return root === ROOT ? programs : programs.filter((program) => existsSync(program));
}

function filesBelow(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  return paths.filter((path) => statSync(path).isFile()).sort();
}

async function runProgram(program: string, url: string): Promise<void> {
  const child = spawn(process.execPath, [program], {
    cwd: ROOT,
    env: { ...process.env, POSTGRES_URL: url, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: MIGRATE_DEADLINE_MS,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      output += part;
    });
  }
  const { promise, resolve, reject } = Promise.withResolvers<number | string>();
  child.once('error', reject).once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  const end = await promise;
  if (end !== 0) throw new Error(`${program} ended with ${end}:\n${output.trimEnd()}`);
}

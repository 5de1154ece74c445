// The compose file, through this machine's docker program.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../tools.ts';

const COMPOSE_FILE = join(ROOT, 'infra', 'docker-compose.yml');

/** What is missing, as text for a person; undefined when nothing is. */
export function findEngineFault(): string | undefined {
  const engine = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { encoding: 'utf8' });
  if (engine.error) return 'There is no docker program on PATH: install Docker Engine 20.10 or newer.';
  if (engine.status !== 0)
    return `No Docker engine answers (is it running, is DOCKER_HOST right?): ${engine.stderr.trim()}`;
  const compose = spawnSync('docker', ['compose', 'version'], { encoding: 'utf8' });
  if (compose.status !== 0)
    return 'docker has no `compose` command: install the Compose plug-in, 2.20 or newer.';
  return undefined;
}

export type Compose = {
  /** Runs `docker compose ARGS` in this project. Rejects with its standard error when it fails or takes too long. */
  run(args: readonly string[], deadlineMs?: number): Promise<string>;
};

/** `env`: the variables that the compose file reads. */
export function composeProject(project: string, env: Record<string, string>): Compose {
  return {
    async run(args, deadlineMs = 60_000) {
      const all = ['compose', '--progress', 'plain', '-p', project, '-f', COMPOSE_FILE, ...args];
      const child = spawn('docker', all, {
        env: { ...process.env, ...env },
        timeout: deadlineMs,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let [output, errors] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (part) => (output += part));
      child.stderr.setEncoding('utf8').on('data', (part) => (errors += part));
      const status = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject).once('close', resolve);
      });
      if (status !== 0)
        throw new Error(`docker compose ${args.join(' ')} ended with ${status}:\n${errors.slice(-4_000)}`);
      return output;
    },
  };
}

import { join } from 'node:path';
import { fromHere } from '../../home.ts';
import type { Place } from './place.ts';

const OURS = join(import.meta.dirname, '../../../../../infra/docker-compose.yml');

/** Of services that run several times: any of them knows what the others know. */
const ONE_OF: Readonly<Record<string, string>> = { delivery: 'delivery-1' };
/** Of the compose file: delivery with the owner's secret, and run for one command only. */
const OWNERS: Readonly<Record<string, string>> = { delivery: 'delivery-as-owner' };

/** The file that was named, else those of COMPOSE_FILE, else that of this repository. */
export function composePlace(file: string | undefined, env: NodeJS.ProcessEnv): Place {
  const named = file === undefined ? (env.COMPOSE_FILE ? [] : ['-f', OURS]) : ['-f', fromHere(file, env)];
  return {
    async start({ service, file: script, args, isOwners }) {
      const where = isOwners
        ? // what it depends on has been run, or services would not be there
          ['run', '--rm', '-T', '--no-deps', OWNERS[service] ?? service]
        : ['exec', '-T', ONE_OF[service] ?? service];
      const words = ['compose', ...named, ...where, 'node', `src/${script}`, ...args];
      return { command: 'docker', args: words, cwd: fromHere('.', env) };
    },
  };
}

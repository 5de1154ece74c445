import { join } from 'node:path';
import { fromHere } from '../../home.ts';
import type { Place } from './place.ts';

const OURS = join(import.meta.dirname, '../../../../../infra/docker-compose.yml');

/** For services with several processes, any of which knows all there is. */
const ONE_OF: Readonly<Record<string, string>> = { delivery: 'delivery-1' };
/** In the compose file: delivery with the owner's secret, run only for one command. */
const OWNERS: Readonly<Record<string, string>> = { delivery: 'delivery-as-owner' };

/** The given file, else those of COMPOSE_FILE, else that of this repository. */
export function composePlace(file: string | undefined, env: NodeJS.ProcessEnv): Place {
  const named = file === undefined ? (env.COMPOSE_FILE ? [] : ['-f', OURS]) : ['-f', fromHere(file, env)];
  return {
    async start({ service, file: script, args, isOwners }) {
      const where = isOwners
        ? // its dependencies have run already, or there would be no services
          ['run', '--rm', '-T', '--no-deps', OWNERS[service] ?? service]
        : ['exec', '-T', ONE_OF[service] ?? service];
      const words = ['compose', ...named, ...where, 'node', `src/${script}`, ...args];
      return { command: 'docker', args: words, cwd: fromHere('.', env) };
    },
  };
}

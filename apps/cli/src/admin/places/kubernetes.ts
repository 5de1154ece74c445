import { randomBytes } from 'node:crypto';
import { CommandFailed } from '../../failures.ts';
import { ownersPod } from './owners-pod.ts';
import type { Place, Program, Start } from './place.ts';
import { textFrom } from './run.ts';

const GET_MS = 20_000;
/** Time for a node to accept the pod and pull its image. */
const POD_TIMEOUT = '2m';

/** This repository's manifests in a namespace; kubectl knows the cluster. */
export function kubernetesPlace(namespace: string): Place {
  const kubectl = (...args: string[]): Start => ({ command: 'kubectl', args: ['-n', namespace, ...args] });

  /** A separate pod: like those of the service, with the migrations' secret. */
  async function asOwner(program: Program): Promise<Start> {
    const text = await textFrom(kubectl('get', 'deployment', program.service, '-o', 'json'), {
      deadlineMs: GET_MS,
    });
    const pod = ownersPod(text, program);
    if (!pod)
      throw new CommandFailed(
        `No usable deployment ${program.service} in ${namespace}`,
        'Is this the right namespace? --namespace selects another one.',
      );
    return kubectl(
      ...['run', `${program.service}-as-owner-${randomBytes(3).toString('hex')}`],
      ...['--rm', '--attach', '--quiet', '--restart=Never', `--pod-running-timeout=${POD_TIMEOUT}`],
      // network policies select pods by this label
      ...[`--labels=app.kubernetes.io/name=${program.service}`, `--image=${pod.image}`],
      `--overrides=${JSON.stringify({ spec: pod.spec })}`,
    );
  }

  return {
    async start(program) {
      const { service, file, args, isOwners, isAsked } = program;
      if (isOwners) return asOwner(program);
      const where = ['exec', ...(isAsked ? ['-i'] : []), `deployment/${service}`, '-c', service, '--'];
      return kubectl(...where, 'node', `src/${file}`, ...args);
    },
  };
}

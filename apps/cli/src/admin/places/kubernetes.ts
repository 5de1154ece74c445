import { randomBytes } from 'node:crypto';
import { CommandFailed } from '../../failures.ts';
import { ownersPod } from './owners-pod.ts';
import type { Place, Program, Start } from './place.ts';
import { textFrom } from './run.ts';

const GET_MS = 20_000;
/** For a node to take a pod and have its image. */
const POD_TIMEOUT = '2m';

/** The manifests of this repository in a namespace; kubectl knows the cluster. */
export function kubernetesPlace(namespace: string): Place {
  const kubectl = (...args: string[]): Start => ({ command: 'kubectl', args: ['-n', namespace, ...args] });

  /** A pod of its own: what the service's have, and the secret of the migrations. */
  async function asOwner(program: Program): Promise<Start> {
    const text = await textFrom(kubectl('get', 'deployment', program.service, '-o', 'json'), {
      deadlineMs: GET_MS,
    });
    const pod = ownersPod(text, program);
    if (!pod)
      throw new CommandFailed(
        `There is no usable deployment ${program.service} in ${namespace}`,
        'Is it the right namespace? --namespace names another one.',
      );
    return kubectl(
      ...['run', `${program.service}-as-owner-${randomBytes(3).toString('hex')}`],
      ...['--rm', '--attach', '--quiet', '--restart=Never', `--pod-running-timeout=${POD_TIMEOUT}`],
      // network policies know pods by this
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

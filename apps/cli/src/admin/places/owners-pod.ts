import { checkerOf, type Schema, Type } from '@securechat/protocol';
import { jsonIn } from '../json-in.ts';
import type { Program } from './place.ts';

/** As in infra/k8s/base/migrate.yaml. */
const OWNERS_SECRET = 'securechat-migrate';
const OWNERS_FOLDER = '/run/secrets/securechat-owner';

type Named = { name: string } & Record<string, unknown>;
type PodSpec = { containers: ContainerSpec[]; volumes?: Named[] } & Record<string, unknown>;
type ContainerSpec = Named & { image: string; env?: Named[]; volumeMounts?: Named[] };

const Name = Type.Object({ name: Type.String() });
const Deployment = Type.Object({
  spec: Type.Object({
    template: Type.Object({
      spec: Type.Object({
        containers: Type.Array(
          Type.Object({
            name: Type.String(),
            image: Type.String(),
            env: Type.Optional(Type.Array(Name)),
            volumeMounts: Type.Optional(Type.Array(Name)),
          }),
          { minItems: 1 },
        ),
        volumes: Type.Optional(Type.Array(Name)),
      }),
    }),
  }),
});
const check = checkerOf(Deployment as Schema);

/** Needed by a server but not by a program that ends. */
const OF_A_SERVER = ['ports', 'lifecycle', 'startupProbe', 'livenessProbe', 'readinessProbe'];

/**
 * The pod of a deployment (given as JSON), with the program in place of the service and the owner's POSTGRES_URL; undefined when the JSON
 * is not one.
 */
export function ownersPod(
  deployment: string,
  { service, file, args }: Program,
): { image: string; spec: PodSpec } | undefined {
  const found = jsonIn(deployment);
  if (check(found)) return undefined;
  const { spec } = (found as { spec: { template: { spec: PodSpec } } }).spec.template;
  const container = spec.containers.find(({ name }) => name === service);
  if (!container) return undefined;
  const env = (container.env ?? []).filter(({ name }) => name !== 'POSTGRES_URL_FILE');
  const own = Object.fromEntries(Object.entries(container).filter(([name]) => !OF_A_SERVER.includes(name)));
  const program: ContainerSpec = {
    ...(own as ContainerSpec),
    command: ['node', `src/${file}`, ...args],
    env: [...env, { name: 'POSTGRES_URL_FILE', value: `${OWNERS_FOLDER}/postgres-url` }],
    volumeMounts: [
      ...(container.volumeMounts ?? []),
      { name: 'owner', mountPath: OWNERS_FOLDER, readOnly: true },
    ],
  };
  const owner = { name: 'owner', secret: { secretName: OWNERS_SECRET, defaultMode: 0o440 } };
  return {
    image: container.image,
    spec: {
      ...spec,
      restartPolicy: 'Never',
      containers: [program],
      volumes: [...(spec.volumes ?? []), owner],
    },
  };
}

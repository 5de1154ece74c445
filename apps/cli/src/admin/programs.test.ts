import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { composePlace } from './places/compose.ts';
import { kubernetesPlace } from './places/kubernetes.ts';
import { ownersPod } from './places/owners-pod.ts';
import { lineOf, type Program } from './places/place.ts';
import { programs } from './programs.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const compose = parse(read('infra/docker-compose.yml'), { merge: true }) as {
  services: Record<string, { image: string; volumes?: string[] }>;
};

type Manifest = {
  kind: string;
  metadata: { name: string };
  spec: { template: { spec: { containers: Record<string, unknown>[]; volumes: object[] } } };
};
const deploymentOf = (service: string): Manifest | undefined =>
  parseAllDocuments(read(`infra/k8s/base/${service}.yaml`))
    .map((document) => document.toJS() as Manifest)
    .find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === service);

const steps: [string, Program][] = Object.entries(programs).flatMap(([name, { steps: of }]) =>
  of(['x']).map((step): [string, Program] => [`${name} by ${step.service}`, step]),
);
const callAdmin: Program = { service: 'auth', file: 'call-admin.ts', args: [], isAsked: true };

describe.each([...steps, ['what asks the admin API', callAdmin] as [string, Program]])('%s', (_, program) => {
  const { service, file, isOwners } = program;

  test('is a program of its service', () => {
    expect(existsSync(join(ROOT, 'services', service, 'src', file))).toBe(true);
  });

  test('is run in a container of its service, and has the owner’s secret only where it is to have it', async () => {
    const { command, args } = await composePlace(undefined, {}).start(program);
    const found = args.find((word) => Object.hasOwn(compose.services, word)) ?? '';
    expect([
      command,
      args[0],
      args.slice(-2 - program.args.length, -program.args.length || undefined),
    ]).toEqual(['docker', 'compose', ['node', `src/${file}`]]);
    const { image, volumes = [] } = compose.services[found] ?? { image: '' };
    expect(image).toContain(`/${service}:`);
    expect(volumes.some((volume) => volume.startsWith('secrets-migrate:'))).toBe(isOwners === true);
  });

  test('is run in a pod of its service', async () => {
    expect(deploymentOf(service)?.spec.template.spec.containers.map(({ name }) => name)).toContain(service);
    if (isOwners) return;
    const { args } = await kubernetesPlace('chat').start(program);
    expect(args.slice(0, 3)).toEqual(['-n', 'chat', 'exec']);
    expect(args).toContain(`deployment/${service}`);
  });
});

test('a pod of the owner is that of the service with another program and the secret of the migrations', () => {
  const deployment = deploymentOf('delivery');
  const program: Program = {
    service: 'delivery',
    file: 'dead-letters.ts',
    args: ['show', '7'],
    isOwners: true,
  };
  const pod = ownersPod(JSON.stringify(deployment), program);
  const before = deployment?.spec.template.spec;
  const [was] = before?.containers ?? [];
  const [container] = pod?.spec.containers ?? [];
  expect(pod?.image).toBe(was?.image);
  expect(pod?.spec).toMatchObject({
    ...before,
    restartPolicy: 'Never',
    containers: [{}],
    volumes: expect.anything(),
  });
  expect(container).toMatchObject({
    securityContext: was?.securityContext,
    envFrom: was?.envFrom,
    command: ['node', 'src/dead-letters.ts', 'show', '7'],
  });
  expect(Object.keys(container ?? {})).not.toEqual(expect.arrayContaining(['livenessProbe']));
  const urls = (container?.env ?? []).filter(({ name }) => name === 'POSTGRES_URL_FILE');
  expect(urls).toEqual([{ name: 'POSTGRES_URL_FILE', value: '/run/secrets/securechat-owner/postgres-url' }]);
  const [owner] = (pod?.spec.volumes ?? []).filter(({ name }) => name === 'owner');
  expect(read('infra/k8s/base/migrate.yaml')).toContain(
    `secretName: ${(owner as unknown as { secret: { secretName: string } }).secret.secretName}`,
  );
});

test.each(['', '{}', '{"spec":{"template":{"spec":{"containers":[]}}}}'])('%j is no deployment', (text) => {
  expect(ownersPod(text, { service: 'delivery', file: 'where.ts', args: [] })).toBeUndefined();
});

test('a command line is shown as it could be typed', () => {
  expect(lineOf({ command: 'docker', args: ['compose', 'it is', "Bob's", 'a=b'] })).toBe(
    `docker compose 'it is' 'Bob'\\''s' a=b`,
  );
});

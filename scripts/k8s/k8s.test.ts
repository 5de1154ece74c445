import { expect, test } from '@jest/globals';
import { agreementFindings, doorsOf } from './agreement.ts';
import { completenessFindings, releaseFindings } from './completeness.ts';
import { type K8sObject, objectsInFiles, objectsOfBase } from './documents.ts';
import { type PodSpec, podFindings, podOf } from './pods.ts';

/** The base with a change in one of its objects. */
function changed(kind: string, name: string, change: (object: K8sObject) => void): K8sObject[] {
  const objects = objectsOfBase();
  const object = objects.find((each) => each.kind === kind && each.metadata.name === name);
  if (object === undefined) throw new Error(`the base has no ${kind} ${name}`);
  change(object);
  return objects;
}
const gatewayPod = (change: (pod: PodSpec) => void): K8sObject[] =>
  changed('Deployment', 'gateway', (object) => change(podOf(object) as PodSpec));
const container = (pod: PodSpec) => pod.containers[0]!;

test('manifests, services, images, compose file and scrapes agree', () => {
  expect([
    ...objectsInFiles().flatMap(podFindings),
    ...agreementFindings(objectsOfBase()),
    ...completenessFindings(),
  ]).toEqual([]);
});

const faults: [name: string, objects: () => K8sObject[], finding: RegExp][] = [
  [
    'a container that may write',
    () => gatewayPod((pod) => (container(pod).securityContext!.readOnlyRootFilesystem = false)),
    /may write/,
  ],
  [
    'a pod that may be root',
    () => gatewayPod((pod) => (pod.securityContext!.runAsNonRoot = false)),
    /runAsNonRoot/,
  ],
  [
    'a capability that is not the relay’s',
    () => gatewayPod((pod) => (container(pod).securityContext!.capabilities!.add = ['NET_BIND_SERVICE'])),
    /adds capabilities/,
  ],
  ['the network of a node', () => gatewayPod((pod) => (pod.hostNetwork = true)), /reaches into its host/],
  [
    'a secret in a variable',
    () => gatewayPod((pod) => container(pod).env!.push({ name: 'AUTH_ADMIN_TOKEN', value: 'x' })),
    /secret in a variable/,
  ],
  [
    'an option that no service has',
    () => gatewayPod((pod) => container(pod).env!.push({ name: 'GATEWAY_DRAIN', value: '1s' })),
    /GATEWAY_DRAIN is no option/,
  ],
  [
    'a value that the service refuses',
    () => changed('ConfigMap', 'common', ({ data }) => (data!.STREAM_PARTITIONS = 'four')),
    /STREAM_PARTITIONS is "four"/,
  ],
  [
    'a pod that is killed while it drains',
    () => gatewayPod((pod) => (pod.terminationGracePeriodSeconds = 60)),
    /is killed after 60000/,
  ],
  [
    'a drain without time to leave',
    () => changed('ConfigMap', 'gateway', ({ data }) => (data!.GATEWAY_DRAIN_MS = '95s')),
    /drains for longer/,
  ],
  [
    'an authority that migrations do not know',
    () => gatewayPod((pod) => container(pod).env!.push({ name: 'NODE_EXTRA_CA_CERTS', value: '/run/ca' })),
    /Job migrate: files does not know the authority/,
  ],
  [
    'a port that the service does not open',
    () => gatewayPod((pod) => (container(pod).ports![0]!.containerPort = 80)),
    /opens/,
  ],
  [
    'a probe of a page that is not there',
    () => gatewayPod((pod) => (container(pod).readinessProbe!.httpGet!.path = '/healthz')),
    /probe of ops \/healthz/,
  ],
  [
    'a way from the gateway to Postgres',
    () => changed('NetworkPolicy', 'gateway', ({ spec }) => spec!.egress![0]!.ports!.push({ port: 5432 })),
    /lets gateway to Postgres/,
  ],
  [
    'a gateway that may go anywhere',
    () => changed('NetworkPolicy', 'gateway', ({ spec }) => spec!.egress!.push({})),
    /lets gateway to Postgres/,
  ],
  [
    'an admin API on the internet',
    () => changed('Ingress', 'web', ({ spec }) => (spec!.rules![0]!.http!.paths[0]!.path = '/v1')),
    /to \/v1\/admin by \/v1/,
  ],
  [
    'an ingress that leads nowhere',
    () => changed('Service', 'web', ({ spec }) => (spec!.ports![0]!.name = 'https')),
    /Ingress web: leads \/ to web, which has no such port/,
  ],
  [
    'a Service that leads nowhere',
    () => changed('Service', 'auth', ({ spec }) => (spec!.ports![0]!.targetPort = 'https')),
    /leads to port https/,
  ],
];

test.each(faults)('%s is found', (_, objects, finding) => {
  const found = objects();
  expect([...found.flatMap(podFindings), ...agreementFindings(found)]).toContainEqual(
    expect.stringMatching(finding),
  );
});

test('the Gateway API opens the same doors as the ingresses, and no other', () => {
  const base = objectsOfBase();
  const doors = (kind: string, objects: K8sObject[]) =>
    objects
      .filter((object) => object.kind === kind)
      .flatMap((object) => doorsOf(object, base))
      .sort((one, other) => one.path.localeCompare(other.path));
  const routes = doors('HTTPRoute', objectsInFiles());
  expect(routes.length).toBeGreaterThan(4);
  expect(routes).toEqual(doors('Ingress', base));
});

test('an overlay with images of another release is found', () => {
  const overlay = 'images: [{ name: securechat/gateway, newTag: 0.0.1 }]';
  expect(releaseFindings(overlay)).toEqual([expect.stringMatching(/runs securechat\/gateway 0\.0\.1/)]);
});

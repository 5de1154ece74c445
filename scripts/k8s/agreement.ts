// Checks what the manifests say about the services against the services: options, ports, pages, times, names.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, type ConfigSpec, readConfig, serviceOptions } from '../../packages/kernel/src/index.ts';
import { specs } from '../docs-configuration.ts';
import { ROOT } from '../tools.ts';
import { K8S, type K8sObject } from './documents.ts';
import { type Container, type PodSpec, podOf } from './pods.ts';

/** For pending answers and shutdown after the last client was notified (services/gateway/src/drain.ts). */
const AFTER_DRAIN_MS = 7_000;
/** The ports of each service, by option. */
const PORT_OPTIONS: Record<string, Record<string, string>> = {
  gateway: { ws: 'GATEWAY_WS_PORT', tcp: 'GATEWAY_TCP_PORT' },
  auth: { http: 'AUTH_HTTP_PORT' },
  files: { http: 'FILES_HTTP_PORT' },
};

type Finding = (object: K8sObject, what: string) => void;

/** Takes the objects of one place that belong together: an overlay as applied, or the base. */
export function agreementFindings(objects: readonly K8sObject[]): string[] {
  const findings: string[] = [];
  const find: Finding = ({ origin, kind, metadata: { name } }, what) =>
    findings.push(`${origin}: ${kind} ${name}: ${what}`);
  const services = objects.filter(({ kind, metadata }) => kind === 'Deployment' && isService(metadata.name));
  for (const object of services) checkService(object, objects, find);
  const hasAuthority = objects.some((object) => containersOf(object).some(knowsAuthority));
  for (const object of objects) {
    checkSecrets(object, find);
    if (hasAuthority) checkAuthority(object, find);
    if (object.kind === 'NetworkPolicy') checkPolicy(object, find);
    if (object.kind === 'Service') checkPorts(object, objects, find);
    if (object.kind === 'Ingress' || object.kind === 'HTTPRoute') checkDoors(object, objects, find);
    const { scaleTargetRef } = object.spec ?? {};
    if (scaleTargetRef !== undefined && !isThere(objects, 'Deployment', scaleTargetRef.name))
      find(object, `scales ${scaleTargetRef.name}, which is not there`);
  }
  return findings;
}

/** Services with a folder, which therefore must be deployed. */
export function isService(name: string): boolean {
  return existsSync(join(ROOT, 'services', name, 'src', 'main.ts'));
}

function checkService(object: K8sObject, objects: readonly K8sObject[], find: Finding): void {
  const { name } = object.metadata;
  const pod = podOf(object) as PodSpec;
  const container = pod.containers[0] as Container;
  const spec = { ...serviceOptions, ...specs.find(([title]) => title === name)?.[2] };
  const config = checkOptions(object, spec, environmentOf(container, objects), find);
  if (config === undefined) return;
  checkTimes(object, pod, config, find);
  checkOwnPorts(object, container, spec, config, find);
  checkProbes(object, container, find);
}

/** The configuration that the service would read; undefined when it would not start. */
function checkOptions(
  object: K8sObject,
  spec: ConfigSpec,
  env: Record<string, string>,
  find: Finding,
): Record<string, unknown> | undefined {
  const byEnv = new Map(Object.values(spec).map((option) => [option.env, option]));
  const readable: Record<string, string> = {};
  for (const [variable, value] of Object.entries(env)) {
    const option = byEnv.get(variable) ?? byEnv.get(variable.replace(/_FILE$/, ''));
    if (option === undefined && variable !== 'NODE_EXTRA_CA_CERTS')
      find(object, `${variable} is no option of ${object.metadata.name}`);
    // an example instead of the secret's value
    if (option?.env === variable) readable[variable] = value;
    else if (option?.isSecret) readable[option.env] = exampleOf(option.env, option.example);
  }
  const { config, faults } = read(spec, readable);
  for (const fault of faults) find(object, fault);
  return config;
}

const containersOf = (object: K8sObject): readonly Container[] => {
  const { containers = [], initContainers = [] } = podOf(object) ?? {};
  return [...containers, ...initContainers];
};
const hasVariable = ({ env = [] }: Container, names: readonly string[]): boolean =>
  env.some(({ name }) => names.includes(name));
const knowsAuthority = (container: Container): boolean => hasVariable(container, ['NODE_EXTRA_CA_CERTS']);

/** Where Redis or Postgres has a certificate of a private CA, a client without that CA is refused TLS. */
function checkAuthority(object: K8sObject, find: Finding): void {
  for (const container of containersOf(object))
    if (hasVariable(container, ['POSTGRES_URL_FILE', 'REDIS_URL_FILE']) && !knowsAuthority(container))
      find(object, `${container.name} does not know the authority that others know`);
}

function checkTimes(object: K8sObject, pod: PodSpec, config: Record<string, unknown>, find: Finding): void {
  const graceMs = Number(config.shutdownGraceMs);
  const preStopMs = (pod.containers[0]?.lifecycle?.preStop?.sleep?.seconds ?? 0) * 1_000;
  const killedAfterMs = (pod.terminationGracePeriodSeconds ?? 30) * 1_000;
  if (preStopMs + graceMs >= killedAfterMs)
    find(object, `is killed after ${killedAfterMs} ms, and needs ${preStopMs + graceMs}`);
  if (object.metadata.name === 'gateway' && Number(config.drainMs) + AFTER_DRAIN_MS > graceMs)
    find(object, 'drains for longer than its grace');
}

function checkOwnPorts(
  object: K8sObject,
  container: Container,
  spec: ConfigSpec,
  config: Record<string, unknown>,
  find: Finding,
): void {
  const wanted: Record<string, number> = { ops: imageOpsPort() };
  for (const [port, env] of Object.entries(PORT_OPTIONS[object.metadata.name] ?? {})) {
    const [key = ''] = Object.entries(spec).find(([, option]) => option.env === env) ?? [];
    wanted[port] = Number(config[key]);
  }
  const given = Object.fromEntries((container.ports ?? []).map((port) => [port.name, port.containerPort]));
  const [opened, asked] = [given, wanted].map(inOrder);
  if (opened !== asked) find(object, `opens ${opened}, and the service ${asked}`);
}

function checkProbes(object: K8sObject, container: Container, find: Finding): void {
  const { readinessProbe, livenessProbe, startupProbe } = container;
  for (const [probe, page] of [
    [readinessProbe, '/readyz'],
    [livenessProbe, '/livez'],
    [startupProbe, '/livez'],
  ] as const) {
    const { path, port } = probe?.httpGet ?? {};
    if (path !== page || port !== 'ops')
      find(object, `has a probe of ${port} ${path} instead of ops ${page}`);
  }
}

function read(spec: ConfigSpec, env: Record<string, string>) {
  try {
    return { config: readConfig(spec, env).config as Record<string, unknown>, faults: [] };
  } catch (error) {
    if (error instanceof ConfigError) return { config: undefined, faults: error.faults };
    throw error;
  }
}

/** For secrets whose example is a command, sample output of that. */
function exampleOf(env: string, example: string): string {
  return env.includes('KEY')
    ? Buffer.alloc(32, 7).toString('base64')
    : example.startsWith('$(')
      ? 'x'.repeat(44)
      : example;
}

function environmentOf(container: Container, objects: readonly K8sObject[]): Record<string, string> {
  const maps = (container.envFrom ?? []).map(({ configMapRef }) => configMapRef?.name ?? '');
  const env: Record<string, string> = {};
  for (const name of maps)
    Object.assign(
      env,
      objects.find((each) => each.kind === 'ConfigMap' && each.metadata.name === name)?.data,
    );
  for (const { name, value } of container.env ?? []) env[name] = value ?? 'from-the-pod';
  return env;
}

function checkSecrets(object: K8sObject, find: Finding): void {
  const made = readFileSync(join(K8S, 'secrets.sh'), 'utf8');
  for (const { secret } of podOf(object)?.volumes ?? []) {
    if (secret === undefined || secret.secretName === 'securechat-tls') continue;
    if (!made.includes(`secret ${secret.secretName} `))
      find(object, `needs ${secret.secretName}, which secrets.sh does not make`);
  }
}

/** A workload without a Postgres account must have no network access to it either. */
function checkPolicy(object: K8sObject, find: Finding): void {
  const who = object.spec?.podSelector?.matchLabels?.['app.kubernetes.io/name'];
  if (who !== 'gateway' && who !== 'web') return;
  for (const rule of object.spec?.egress ?? []) {
    if (!rule.ports || rule.ports.some(({ port }) => port === 5432)) find(object, `lets ${who} to Postgres`);
  }
}

function checkPorts(object: K8sObject, objects: readonly K8sObject[], find: Finding): void {
  const selected = object.spec?.selector?.['app.kubernetes.io/name'] ?? 'nothing';
  const workload = objects.find((each) => each.kind === 'Deployment' && each.metadata.name === selected);
  if (workload === undefined) return find(object, `selects ${selected}, which is not there`);
  const names = podOf(workload)?.containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name)) ?? [];
  for (const { targetPort } of object.spec?.ports ?? []) {
    if (!names.includes(targetPort))
      find(object, `leads to port ${targetPort}, which ${selected} does not open`);
  }
}

/** A publicly reachable path, and where it leads. */
export type Door = { path: string; isWhole: boolean; service: string; port: number | undefined };

function checkDoors(object: K8sObject, objects: readonly K8sObject[], find: Finding): void {
  for (const { path, service, port } of doorsOf(object, objects)) {
    if ('/v1/admin'.startsWith(path) && path !== '/' && path !== '')
      find(object, `lets the internet to /v1/admin by ${path}`);
    const target = serviceNamed(service, objects);
    if (port === undefined || !target?.spec?.ports?.some((each) => each.port === port))
      find(object, `leads ${path} to ${service}, which has no such port`);
  }
}

/** From an ingress, or from a Gateway API route, which names ports by number. */
export function doorsOf({ spec }: K8sObject, objects: readonly K8sObject[]): Door[] {
  return (spec?.rules ?? []).flatMap(({ http, matches = [], backendRefs = [] }) => [
    ...(http?.paths ?? []).map(({ path, pathType, backend: { service } }) => ({
      path,
      isWhole: pathType === 'Exact',
      service: service.name,
      port: serviceNamed(service.name, objects)?.spec?.ports?.find(({ name }) => name === service.port.name)
        ?.port,
    })),
    ...matches.flatMap(({ path }) =>
      backendRefs.map(({ name, port }) => ({
        path: path.value,
        isWhole: path.type === 'Exact',
        service: name,
        port,
      })),
    ),
  ]);
}

const serviceNamed = (name: string, objects: readonly K8sObject[]): K8sObject | undefined =>
  objects.find((each) => each.kind === 'Service' && each.metadata.name === name);

function isThere(objects: readonly K8sObject[], kind: string, name: string): boolean {
  return objects.some((object) => object.kind === kind && object.metadata.name === name);
}

/** Set by the image, the same for all services. */
function imageOpsPort(): number {
  return Number(/OPS_PORT=(\d+)/.exec(readFileSync(join(ROOT, 'infra', 'Dockerfile'), 'utf8'))?.[1]);
}

function inOrder(ports: Record<string, number>): string {
  return JSON.stringify(Object.entries(ports).sort(([a], [b]) => a.localeCompare(b)));
}

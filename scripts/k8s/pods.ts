// What our pods must have: the "restricted" pod security standard, and a little more.
import type { K8sObject } from './documents.ts';

/** As far as the checks look. */
type Security = {
  allowPrivilegeEscalation?: boolean;
  readOnlyRootFilesystem?: boolean;
  capabilities?: { drop?: string[]; add?: string[] };
};
export type Container = {
  name: string;
  image: string;
  env?: { name: string; value?: string; valueFrom?: unknown }[];
  envFrom?: { configMapRef?: { name: string } }[];
  ports?: { name: string; containerPort: number }[];
  securityContext?: Security;
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  lifecycle?: { preStop?: { sleep?: { seconds: number } } };
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  startupProbe?: Probe;
};
export type Probe = { httpGet?: { path: string; port: string } };
export type PodSpec = {
  containers: Container[];
  initContainers?: Container[];
  automountServiceAccountToken?: boolean;
  terminationGracePeriodSeconds?: number;
  securityContext?: { runAsNonRoot?: boolean; seccompProfile?: { type: string } };
  volumes?: { name: string; secret?: { secretName: string }; hostPath?: unknown }[];
  hostNetwork?: boolean;
};

/** It uses its node's network, in a separate namespace, and its program does not start without a capability. */
const RELAY = 'coturn';
/** The only capability that the standard lets a pod add. */
const LOW_PORTS = 'NET_BIND_SERVICE';

/** The pod of a workload; undefined for other kinds. */
export function podOf({ spec }: K8sObject): PodSpec | undefined {
  return spec?.template?.spec;
}

export function podFindings(object: K8sObject): string[] {
  const pod = podOf(object);
  if (pod === undefined) return [];
  const findings: string[] = [];
  const expect = (isSo: unknown, what: string): void => {
    if (!isSo) findings.push(`${object.origin}: ${object.kind} ${object.metadata.name}: ${what}`);
  };
  expect(pod.securityContext?.runAsNonRoot === true, 'runAsNonRoot is missing');
  expect(pod.securityContext?.seccompProfile?.type === 'RuntimeDefault', 'seccompProfile is missing');
  expect(
    pod.automountServiceAccountToken === false,
    'has a token for the API server, which it does not need',
  );
  const isRelay = object.metadata.name === RELAY;
  expect(
    (!pod.hostNetwork || isRelay) && !pod.volumes?.some(({ hostPath }) => hostPath),
    'reaches into its host',
  );
  for (const { name, securityContext, resources, env = [] } of [
    ...pod.containers,
    ...(pod.initContainers ?? []),
  ]) {
    expect(securityContext?.allowPrivilegeEscalation === false, `${name} may gain rights`);
    expect(securityContext?.readOnlyRootFilesystem === true, `${name} may write where its code is`);
    expect(securityContext?.capabilities?.drop?.includes('ALL'), `${name} keeps capabilities`);
    expect(
      (securityContext?.capabilities?.add ?? []).every((each) => isRelay && each === LOW_PORTS),
      `${name} adds capabilities`,
    );
    expect(resources?.requests?.cpu && resources.requests.memory, `${name} requests no resources`);
    expect(resources?.limits?.memory, `${name} has no limit of memory`);
    expect(
      !env.some((each) => /(PASSWORD|SECRET|TOKEN|KEY)$/.test(each.name) && each.value),
      `${name} has a secret in a variable`,
    );
  }
  return findings;
}

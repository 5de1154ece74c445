// Kubernetes objects, from the files or as kustomize renders an overlay.
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { ROOT } from '../tools.ts';
import type { PodSpec } from './pods.ts';

export const K8S = join(ROOT, 'infra', 'k8s');
/** Has its own folder and files, because kustomize takes none from elsewhere. */
const COTURN = join(ROOT, 'infra', 'coturn');

/** The union of all kinds, as far as the checks look; the API's types cover the rest. */
type Spec = {
  template?: { spec: PodSpec };
  scaleTargetRef?: { name: string };
  podSelector?: { matchLabels?: Record<string, string> };
  selector?: Record<string, string>;
  egress?: { ports?: { port: number | string }[] }[];
  ports?: { name: string; port: number; targetPort: string }[];
  rules?: { http?: { paths: IngressPath[] }; matches?: RouteMatch[]; backendRefs?: RouteBackend[] }[];
};
type RouteMatch = { path: { type: string; value: string } };
type RouteBackend = { name: string; port: number };
type IngressPath = {
  path: string;
  pathType: string;
  backend: { service: { name: string; port: { name: string } } };
};

export type K8sObject = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  /** The file or overlay it comes from, for findings. Not enumerable, so not part of the object. */
  readonly origin: string;
  spec?: Spec;
  data?: Record<string, string>;
};

/** The Kubernetes objects in some YAML; other documents are ignored. */
function objectsOf(yaml: string, origin: string): K8sObject[] {
  return parseAllDocuments(yaml, { merge: true }).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(`${origin}: ${document.errors[0]?.message}`);
    const object = document.toJS() as K8sObject | null;
    if (!object?.apiVersion || !object.kind) return [];
    return [Object.defineProperty(object, 'origin', { value: origin, enumerable: false })];
  });
}

/** Complete objects in the files, without patches and kustomizations. */
export function objectsInFiles(): K8sObject[] {
  const patches = new Set(
    globSync('**/kustomization.yaml', { cwd: K8S }).flatMap((file) => {
      const { patches = [] } = parse(readFileSync(join(K8S, file), 'utf8')) as {
        patches?: { path?: string }[];
      };
      return patches.flatMap(({ path }) => (path === undefined ? [] : [join(file, '..', path)]));
    }),
  );
  const ours = globSync('**/*.yaml', { cwd: K8S }).filter((file) => !patches.has(file));
  return [
    ...ours.map((file) => join(K8S, file)),
    ...globSync('*.yaml', { cwd: COTURN }).map((file) => join(COTURN, file)),
  ]
    .filter((path) => !path.endsWith('kustomization.yaml'))
    .sort()
    .flatMap((path) => objectsOf(readFileSync(path, 'utf8'), relative(ROOT, path)));
}

/** The base as far as it can be known without kustomize: its files, and the config maps generated from literals. */
export function objectsOfBase(): K8sObject[] {
  const { resources, configMapGenerator } = parse(
    readFileSync(join(K8S, 'base', 'kustomization.yaml'), 'utf8'),
  ) as {
    resources: string[];
    configMapGenerator: { name: string; literals: string[] }[];
  };
  const maps = configMapGenerator.map(({ name, literals }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    origin: 'infra/k8s/base/kustomization.yaml',
    data: Object.fromEntries(literals.map((literal) => literal.split(/=(.*)/s).slice(0, 2))) as Record<
      string,
      string
    >,
  }));
  const objects = resources.flatMap((file) =>
    objectsOf(readFileSync(join(K8S, 'base', file), 'utf8'), `infra/k8s/base/${file}`),
  );
  return [...objects, ...maps];
}

/** Renders what is applied; undefined without kubectl and kustomize. Throws when one of them rejects the folder. */
function render(folder: string): string | undefined {
  for (const [program, argument] of [
    ['kubectl', 'kustomize'],
    ['kustomize', 'build'],
  ] as const) {
    const result = spawnSync(program, [argument, folder], { encoding: 'utf8' });
    if (result.error) continue;
    if (result.status !== 0)
      throw new Error(`${program} ${argument} ${relative(ROOT, folder)}: ${result.stderr.trim()}`);
    return result.stdout;
  }
  return undefined;
}

/** What `kubectl apply -k infra/coturn` applies; empty where nothing can render it. */
export function renderedRelay(): K8sObject[] {
  return objectsOf(render(COTURN) ?? '', relative(ROOT, COTURN));
}

/** The overlays, and production with every component it lacks by default. Empty where nothing can render them. */
export function renderedOverlays(): { name: string; objects: K8sObject[] }[] {
  const overlays = join(K8S, 'overlays');
  const folders = [...readdirSync(overlays).map((name) => join(overlays, name)), overlayWithEverything()];
  return folders.flatMap((folder) => {
    const yaml = render(folder);
    const name = relative(ROOT, folder);
    return yaml === undefined ? [] : [{ name, objects: objectsOf(yaml, name) }];
  });
}

function overlayWithEverything(): string {
  const folder = join(ROOT, '.cache', 'k8s-with-every-component');
  mkdirSync(folder, { recursive: true });
  const production = join(K8S, 'overlays', 'production');
  const text = readFileSync(join(production, 'kustomization.yaml'), 'utf8');
  const components = readdirSync(join(K8S, 'components')).filter(
    (name) => !text.includes(`components/${name}\n`),
  );
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [relative(folder, production)],
    components: components.map((name) => relative(folder, join(K8S, 'components', name))),
  };
  writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
  return folder;
}

// All metrics of the services, from their sources and from the library itself.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMetrics } from '../../packages/kernel/src/index.ts';
import { isService } from '../k8s/agreement.ts';
import { ROOT } from '../tools.ts';

const DEFINITION = /\.(counter|gauge|histogram)\(\s*'([a-z_]+)'/g;
/** Metrics of Prometheus itself that rules may use. */
const OF_PROMETHEUS = ['up'];

/** Series names as in a scrape: a histogram has three. */
export async function metricNames(): Promise<Set<string>> {
  const services = globSync('services/*', { cwd: ROOT })
    .map((path) => path.slice('services/'.length))
    .filter(isService);
  const shared = namesIn('packages/kernel/src');
  const names = services.flatMap((service) =>
    [...shared, ...namesIn(`services/${service}/src`)].map((name) => `securechat_${service}_${name}`),
  );
  const defaults = await createMetrics('any').registry.getMetricsAsJSON();
  return new Set([...OF_PROMETHEUS, ...names, ...defaults.map(({ name }) => name)]);
}

function namesIn(folder: string): string[] {
  return globSync(`${folder}/**/*.ts`, { cwd: ROOT, exclude: (path) => path.endsWith('.test.ts') }).flatMap(
    (file) =>
      [...readFileSync(join(ROOT, file), 'utf8').matchAll(DEFINITION)].flatMap(([, kind, name = '']) =>
        kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
      ),
  );
}

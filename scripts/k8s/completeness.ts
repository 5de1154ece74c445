// Every service must occur everywhere, so a new one is found missing here.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../tools.ts';
import { isService } from './agreement.ts';

const read = (...path: string[]): string => readFileSync(join(ROOT, 'infra', ...path), 'utf8');

export function completenessFindings(): string[] {
  const services = readdirSync(join(ROOT, 'services')).filter(isService);
  const compose = parse(read('docker-compose.yml'), { merge: true }) as {
    services: Record<string, { image?: string; restart?: string }>;
  };
  const { resources, images } = parse(read('k8s', 'base', 'kustomization.yaml')) as {
    resources: string[];
    images: { name: string }[];
  };
  const production = read('k8s', 'overlays', 'production', 'kustomization.yaml');
  const scraped = read('prometheus', 'prometheus.yml');
  return [
    ...releaseFindings(production),
    ...services.flatMap((service) => {
      const instances = Object.entries(compose.services).filter(
        // programs run for one command, such as a migration, are not there to be scraped
        ([, { image, restart }]) => image?.includes(`/${service}:`) && restart !== 'no',
      );
      const isMigrating = readdirSync(join(ROOT, 'services', service, 'src')).includes('migrate.ts');
      return [
        ...(instances.length === 0 ? [`infra/docker-compose.yml does not run ${service}`] : []),
        ...instances
          .filter(([name]) => !scraped.includes(`"${name}:9100"`))
          .map(([name]) => `infra/prometheus/prometheus.yml does not scrape ${name}`),
        ...(isMigrating && !compose.services[`migrate-${service}`]
          ? [`infra/docker-compose.yml does not migrate ${service}`]
          : []),
        ...(isMigrating && !new RegExp(`image: ${service}$`, 'm').test(read('k8s', 'base', 'migrate.yaml'))
          ? [`infra/k8s/base/migrate.yaml does not migrate ${service}`]
          : []),
        ...(resources.includes(`${service}.yaml`) ? [] : [`infra/k8s/base has no ${service}.yaml`]),
        ...(images.some(({ name }) => name === service)
          ? []
          : [`infra/k8s/base/kustomization.yaml names no image of ${service}`]),
        ...(production.includes(`securechat/${service},`)
          ? []
          : [`the production overlay names no image of ${service}`]),
      ];
    }),
  ];
}

/** The overlay that others copy must run the release it comes with; package.json says which. */
export function releaseFindings(production: string): string[] {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const { images } = parse(production) as { images: { name: string; newTag: string }[] };
  return images
    .filter(({ newTag }) => newTag !== version)
    .map(({ name, newTag }) => `the production overlay runs ${name} ${newTag}, and this is ${version}`);
}

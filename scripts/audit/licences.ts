import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Licences that may be used together with Apache-2.0 and ask for nothing but to be passed on with their text. None that asks
 * for the source of what is built on it.
 */
const ALLOWED = new Set([
  ...['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT'],
  'Unlicense',
]);
/**
 * caniuse-lite: data about browsers, used while building and passed on with nothing. web-push and node-datachannel: ask for the source of
 * their own files only, which we use as they are, in the service for push and for direct connections on Node.
 */
const BY_NAME: Readonly<Record<string, string>> = {
  'caniuse-lite': 'CC-BY-4.0',
  'web-push': 'MPL-2.0',
  'node-datachannel': 'MPL 2.0',
};

export type Manifest = { name?: string; version?: string; license?: unknown; licenses?: unknown };

/** Manifests of everything that is installed, ours not among them. */
export function installedPackages(root: string): Manifest[] {
  const store = join(root, 'node_modules', '.pnpm');
  const folders = readdirSync(store)
    .map((name) => join(store, name, 'node_modules'))
    .filter((folder) => existsSync(folder));
  return folders
    .flatMap((folder) => packagesIn(folder))
    .map((folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest);
}

/** Links lead to packages that have a folder of their own in the store. */
function packagesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (name.startsWith('@')) return packagesIn(path);
    return lstatSync(path).isSymbolicLink() || !existsSync(join(path, 'package.json')) ? [] : [path];
  });
}

export function licenceFaults(packages: readonly Manifest[]): string[] {
  return packages
    .filter((manifest) => !isAllowed(licenceOf(manifest), BY_NAME[nameOf(manifest)]))
    .map(
      (manifest) => `${manifest.name}@${manifest.version} has the licence ${licenceOf(manifest) || '(none)'}`,
    );
}

/** A package with a build for each platform has them under its own name. */
const nameOf = ({ name = '' }: Manifest): string =>
  name.replace(/^@node-datachannel\/.*/, 'node-datachannel');

/** Old packages have a list of objects where an expression belongs. */
function licenceOf({ license, licenses }: Manifest): string {
  if (typeof license === 'string') return license;
  const list = [license ?? licenses ?? []].flat() as { type?: string }[];
  return list.map(({ type = '' }) => type).join(' OR ');
}

/** An expression of SPDX as far as packages use it: alternatives, each of one licence or several that hold together. */
function isAllowed(expression: string, exception: string | undefined): boolean {
  return expression
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((some) => some.split(' AND ').every((licence) => ALLOWED.has(licence) || licence === exception));
}

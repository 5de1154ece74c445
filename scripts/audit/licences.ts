import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences compatible with Apache-2.0 that only ask to be passed on with their text. None that demands the source of works built on it. */
const ALLOWED = new Set([
  ...['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT'],
  'Unlicense',
]);
/**
 * caniuse-lite: data about browsers, used only while building. web-push and node-datachannel: demand only the source of their own files,
 * which we use unchanged, in the push service and for direct connections on Node.
 */
const BY_NAME: Readonly<Record<string, string>> = {
  'caniuse-lite': 'CC-BY-4.0',
  'web-push': 'MPL-2.0',
  'node-datachannel': 'MPL 2.0',
};

export type Manifest = { name?: string; version?: string; license?: unknown; licenses?: unknown };

/** Manifests of all installed packages except our own. */
export function installedPackages(root: string): Manifest[] {
  const store = join(root, 'node_modules', '.pnpm');
  const folders = readdirSync(store)
    .map((name) => join(store, name, 'node_modules'))
    .filter((folder) => existsSync(folder));
  return folders
    .flatMap((folder) => packagesIn(folder))
    .map((folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest);
}

/** Symbolic links lead to packages that have their own folder in the store. */
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

/** A package with a build per platform has those in its own scope. */
const nameOf = ({ name = '' }: Manifest): string =>
  name.replace(/^@node-datachannel\/.*/, 'node-datachannel');

/** Old packages have a list of objects instead of an expression. */
function licenceOf({ license, licenses }: Manifest): string {
  if (typeof license === 'string') return license;
  const list = [license ?? licenses ?? []].flat() as { type?: string }[];
  return list.map(({ type = '' }) => type).join(' OR ');
}

/** An SPDX expression as far as packages use it: alternatives, each of one licence or several combined. */
function isAllowed(expression: string, exception: string | undefined): boolean {
  return expression
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((some) => some.split(' AND ').every((licence) => ALLOWED.has(licence) || licence === exception));
}

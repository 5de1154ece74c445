// node infra/image/select.mjs SERVICE FOLDER: copies what the service needs to run, out of a project whose packages are installed:
// its sources, the workspace packages that it reaches, and of node_modules/.pnpm only what these reach. Links stay links, because
// Node runs TypeScript outside of node_modules only.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

const root = process.cwd();
const [service, target] = process.argv.slice(2);
if (!service || !target || !existsSync(join(root, 'services', service, 'src', 'main.ts'))) {
  console.error(
    'Usage: node infra/image/select.mjs SERVICE FOLDER; SERVICE is a folder below services/ with a src/main.ts',
  );
  process.exit(1);
}

/** Folders to copy, from the root: `services/auth`, `packages/kernel`, `node_modules/.pnpm/pg@8.23.1`. */
const chosen = new Set();

/** @param {string} folder */
function choose(folder) {
  if (chosen.has(folder)) return;
  chosen.add(folder);
  for (const link of linksOf(folder)) choose(homeOf(realpathSync(link)));
}

/** Every package that the modules of a folder can import. @param {string} folder */
function linksOf(folder) {
  const modules = join(root, folder, 'node_modules');
  if (!existsSync(modules)) return [];
  const wanted = folder.startsWith('node_modules') ? undefined : dependenciesOf(folder);
  return readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((part) => `${name}/${part}`) : [name],
    )
    .filter((name) => wanted === undefined || wanted.has(name))
    .map((name) => join(modules, name));
}

/** Types and the like are installed beside them, but not needed to run. @param {string} folder */
function dependenciesOf(folder) {
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  return new Set(Object.keys(manifest.dependencies ?? {}));
}

/** A package of the store has a folder of its own there, with its dependencies beside it. @param {string} path */
function homeOf(path) {
  const parts = relative(root, path).split(sep);
  return parts.slice(0, parts[0] === 'node_modules' ? 3 : 2).join(sep);
}

/** Of prebuilt libraries, those of this platform; nothing that only an editor, a debugger or a test reads. @param {string} path */
function isNeeded(path) {
  const parts = path.split(sep);
  const platform = parts[parts.indexOf('prebuilds') + 1];
  if (parts.includes('prebuilds') && platform && platform !== `${process.platform}-${process.arch}`)
    return false;
  return parts.at(-1) !== 'testing' && !/\.(d\.[cm]?ts|map)$/.test(path);
}

choose(join('services', service));
for (const folder of chosen) {
  mkdirSync(dirname(join(target, folder)), { recursive: true });
  cpSync(join(root, folder), join(target, folder), {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => isNeeded(path),
  });
}
for (const file of ['package.json', 'pnpm-lock.yaml', 'LICENSE'])
  cpSync(join(root, file), join(target, file));
console.log([...chosen].sort().join('\n'));

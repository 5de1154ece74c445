// Builds the SDK's published types, and checks them as an app does: in a separate folder without this workspace.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { ROOT, runTool } from '../tools.ts';
import { CLIENT } from './bundle.ts';

/** Declarations of the client, and of our packages they refer to, which are not published separately. */
export async function writeTypes(dist: string, doors: Readonly<Record<string, string>>): Promise<void> {
  await typescript('The types cannot be written', ['-p', join(CLIENT, 'tsconfig.build.json')]);
  const types = join(dist, 'types');
  leaveOutEngine(join(types, 'crypto/src/e2ee'));
  const inside = {
    '@securechat/protocol': join(types, 'protocol/src/index.d.ts'),
    '@securechat/crypto/e2ee': join(types, 'crypto/src/e2ee/index.d.ts'),
    '@securechat/crypto/file-cipher': join(types, 'crypto/src/e2ee/file-cipher.d.ts'),
  };
  for (const file of filesOf(types, '.d.ts')) {
    let text = readFileSync(file, 'utf8').replace(/(from\s+['"]\.[^'"]*)\.ts(['"])/g, '$1.js$2');
    for (const [specifier, target] of Object.entries(inside)) {
      const path = relative(dirname(file), target).replace(/\.d\.ts$/, '.js');
      text = text.replaceAll(`'${specifier}'`, `'${path.startsWith('.') ? path : `./${path}`}'`);
    }
    writeFileSync(file, text);
  }
  for (const [door, source] of Object.entries(doors)) {
    const file = join(dist, `${door}.d.ts`);
    mkdirSync(dirname(file), { recursive: true });
    const path = relative(dirname(file), join(types, 'client', source)).replace(/\.ts$/, '.js');
    writeFileSync(file, `export * from './${path}';\n`.replace('./../', '../'));
  }
}

/** Bundled only: its types refer to a library that apps do not have. */
function leaveOutEngine(e2ee: string): void {
  rmSync(join(e2ee, 'mls'), { recursive: true });
  rmSync(join(e2ee, 'testing'), { recursive: true });
  const door = join(e2ee, 'index.d.ts');
  writeFileSync(door, readFileSync(door, 'utf8').replace(/^export .* from '\.\/mls\/.*\n/gm, ''));
}

/** Throws unless an app can use every entry point with a compiler that also checks libraries. */
export async function checkTypes(dist: string, doors: Readonly<Record<string, string>>): Promise<void> {
  const app = mkdtempSync(join(tmpdir(), 'securechat-types-'));
  try {
    const inside = join(app, 'node_modules/@securechat/client');
    const isType = (file: string) => !/\.(js|map)$/.test(file);
    cpSync(dist, join(inside, 'dist'), { recursive: true, filter: isType });
    const { publishConfig } = JSON.parse(readFileSync(join(CLIENT, 'package.json'), 'utf8'));
    const manifest = { name: '@securechat/client', type: 'module', exports: publishConfig.exports };
    writeFileSync(join(inside, 'package.json'), JSON.stringify(manifest));
    const specifiers = Object.keys(doors).map((door) =>
      door === 'index' ? '@securechat/client' : `@securechat/client/${door.replace('/index', '')}`,
    );
    writeFileSync(join(app, 'app.ts'), specifiers.map((each) => `export * from '${each}';\n`).join(''));
    const compilerOptions = {
      ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
      ...{ target: 'es2024', lib: ['es2024', 'dom'], module: 'nodenext' },
      ...{ types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] },
    };
    writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.ts'] }));
    await typescript('An app cannot use the types', ['-p', app]);
  } finally {
    rmSync(app, { recursive: true });
  }
}

async function typescript(otherwise: string, args: string[]): Promise<void> {
  const { status, output } = await runTool('typescript', 'tsc', args, 'capture');
  if (status !== 0) throw new Error(`${otherwise}:\n${output}`);
}

export function filesOf(folder: string, ending: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
}

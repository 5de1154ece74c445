import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../command.ts';
import { ROOT, runNode } from '../tools.ts';
import { type Manifest, readManifest } from './manifest.ts';

const CLIENT = 'packages/client';
/** The fields of package.json that apps need; all others concern the workspace. */
const KEPT = ['name', 'license', 'type', 'sideEffects', 'files'];

export function publishedManifest(own: Manifest, version: string): object {
  const exports = own.publishConfig?.exports;
  if (exports === undefined) throw new TypeError('the SDK does not say what it exports');
  const { optionalDependencies: wanted = {} } = own;
  return {
    ...Object.fromEntries(KEPT.map((field) => [field, own[field]])),
    ...{ version, exports, engines: { node: '>=24' } },
    // what npm would otherwise install for everybody, pages too
    peerDependencies: Object.fromEntries(Object.entries(wanted).map(([name, pin]) => [name, `^${pin}`])),
    peerDependenciesMeta: Object.fromEntries(Object.keys(wanted).map((name) => [name, { optional: true }])),
  };
}

/** Builds the SDK and packs it as npm would. Resolves with the file name. */
export async function packSdk(folder: string, version: string): Promise<string> {
  const { status } = await runNode([join(ROOT, 'scripts/build-client.ts'), '--only-build'], 'inherit');
  if (status !== 0) throw new Error('The SDK could not be built.');
  const staging = mkdtempSync(join(tmpdir(), 'securechat-sdk-'));
  try {
    cpSync(join(ROOT, CLIENT, 'dist'), join(staging, 'dist'), { recursive: true });
    cpSync(join(ROOT, 'LICENSE'), join(staging, 'LICENSE'));
    const manifest = publishedManifest(readManifest(CLIENT), version);
    writeFileSync(join(staging, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
    mkdirSync(folder, { recursive: true });
    const packed = runCommand('npm', ['pack', '--json', `--pack-destination=${folder}`], { cwd: staging });
    const [{ filename }] = JSON.parse(packed.toString('utf8')) as [{ filename: string }];
    return filename;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

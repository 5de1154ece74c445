import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../tools.ts';

export type Manifest = {
  version: string;
  publishConfig?: { exports?: object };
  [field: string]: unknown;
};

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest;
}

/** Everything that is released together has the version of the root. */
export const rootVersion = (): string => readManifest('.').version;

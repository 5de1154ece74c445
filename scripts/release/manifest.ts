import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../tools.ts';

export type Manifest = {
  version: string;
  publishConfig?: { exports?: object };
  optionalDependencies?: Record<string, string>;
  [field: string]: unknown;
};

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest;
}

/** Everything released together has the root's version. */
export const rootVersion = (): string => readManifest('.').version;

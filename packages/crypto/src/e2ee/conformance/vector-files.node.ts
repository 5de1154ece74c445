import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The cases that are in the tree. */
export const small = join(import.meta.dirname, '../../../vectors');
/** All cases that there are, where this folder is named. */
export const everything = process.env.SECURECHAT_VECTORS_DIR;

/** Fails when there is no such file. */
export async function readVectors(folder: string, path: string): Promise<string> {
  return readFileSync(join(folder, path), 'utf8');
}

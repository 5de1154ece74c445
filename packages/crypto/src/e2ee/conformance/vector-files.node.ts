import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The cases checked in. */
export const small = join(import.meta.dirname, '../../../vectors');
/** All cases, if this folder is given. */
export const everything = process.env.SECURECHAT_VECTORS_DIR;

/** Rejects when there is no such file. */
export async function readVectors(folder: string, path: string): Promise<string> {
  return readFileSync(join(folder, path), 'utf8');
}

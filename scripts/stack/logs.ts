import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

/** A new log for this start; the previous one is kept beside it. */
export function freshLog(dataFolder: string, name: string): string {
  const folder = join(dataFolder, 'logs');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${name}.log`);
  if (existsSync(file)) renameSync(file, join(folder, `${name}.previous.log`));
  return file;
}

import { readFileSync, statSync } from 'node:fs';
import { UsageError } from '../../command.ts';
import { CommandFailed } from '../../failures.ts';
import { fromHere } from '../../home.ts';

const OTHERS = 0o077;
/** The admin token has at least 32 characters, a key 64. */
const KEY = /^[\x21-\x7e]{16,512}$/;

/** Of the file that was named, else of the environment. Never an argument: other users of a machine see those. */
export function adminKey(file: string | undefined, env: NodeJS.ProcessEnv): string {
  const key = (file === undefined ? env.SECURECHAT_ADMIN_KEY : ofFile(fromHere(file, env)))?.trim();
  if (!key)
    throw new UsageError(
      'A key is needed: the admin token or a key of `api-key create`, in SECURECHAT_ADMIN_KEY or in a file that --key-file names.',
    );
  if (!KEY.test(key)) throw new UsageError('What was given as a key is none.');
  return key;
}

function ofFile(path: string): string {
  try {
    // Windows has no such bits
    if (process.platform !== 'win32' && (statSync(path).mode & OTHERS) !== 0)
      throw new CommandFailed(
        `Others on this machine can read ${path}`,
        `\`chmod 600 ${path}\`; if they may have read it, make another key.`,
      );
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    throw new UsageError(`The file of the key cannot be read: ${(error as Error).message}`);
  }
}

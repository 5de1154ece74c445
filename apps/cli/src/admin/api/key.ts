import { readFileSync, statSync } from 'node:fs';
import { UsageError } from '../../command.ts';
import { CommandFailed } from '../../failures.ts';
import { fromHere } from '../../home.ts';

const OTHERS = 0o077;
/** The admin token has at least 32 characters, a key 64. */
const KEY = /^[\x21-\x7e]{16,512}$/;

/** From the given file, else from the environment. Never from an argument, which other users of the machine can see. */
export function adminKey(file: string | undefined, env: NodeJS.ProcessEnv): string {
  const key = (file === undefined ? env.SECURECHAT_ADMIN_KEY : ofFile(fromHere(file, env)))?.trim();
  if (!key)
    throw new UsageError(
      'A key is needed: the admin token or a key from `api-key create`, in SECURECHAT_ADMIN_KEY or in the file given with --key-file.',
    );
  if (!KEY.test(key)) throw new UsageError('The given key is malformed.');
  return key;
}

function ofFile(path: string): string {
  try {
    // Windows has no permission bits
    if (process.platform !== 'win32' && (statSync(path).mode & OTHERS) !== 0)
      throw new CommandFailed(
        `Others on this machine can read ${path}`,
        `\`chmod 600 ${path}\`; if they may have read it, create a new key.`,
      );
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof CommandFailed) throw error;
    throw new UsageError(`The key file cannot be read: ${(error as Error).message}`);
  }
}

import { spawnSync } from 'node:child_process';

/** The user that a server runs as; empty for the current one. */
export type Account = { uid?: number; gid?: number };

/** Postgres refuses to run as root, and a Redis without a password should not. Both accounts exist on every system. */
const UNPRIVILEGED_USERS = ['postgres', 'nobody'];

export function serverAccount(): Account {
  if (process.getuid?.() !== 0) return {};
  for (const user of UNPRIVILEGED_USERS) {
    const uid = spawnSync('id', ['-u', user], { encoding: 'utf8' });
    const gid = spawnSync('id', ['-g', user], { encoding: 'utf8' });
    if (uid.status === 0 && gid.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Error(
    `Postgres cannot run as root and there is no user ${UNPRIVILEGED_USERS.join(' or ')}: ` +
      'create one (useradd --system postgres), start as an ordinary user, or set POSTGRES_URL and REDIS_URL.',
  );
}

/** Whether the account has these rights (`test` flags: r, w, x) on the path, including its parents. */
export function mayAccess(account: Account, flags: string, path: string): boolean {
  const condition = [...flags].map((flag) => `test -${flag} "$0"`).join(' && ');
  return spawnSync('sh', ['-c', condition, path], { ...account, cwd: '/' }).status === 0;
}

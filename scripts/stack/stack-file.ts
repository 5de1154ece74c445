// .data/stack.json lists what runs where, for `npm run demo`, and shows a second `npm start` that it is running.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { commandLineOf } from '@securechat/embedded';
import type { StackUrls } from './data-servers.ts';
import type { RunningProcess } from './running.ts';
import type { ServiceInstance } from './services.ts';

export type StackFile = {
  /** Of the launcher. */
  pid: number;
  state: 'starting' | 'ready';
  redisUrl?: string;
  /** As the owner of the tables. */
  postgresUrl?: string;
  services?: {
    name: string;
    service: string;
    pid: number;
    addresses: Record<string, string>;
    opsUrl: string;
  }[];
};

type Parts = { instances: ServiceInstance[]; urls: StackUrls; processes: readonly RunningProcess[] };

/** Ends this process if another launcher holds the file. */
export function claimStackFile(path: string): { write(parts: Parts): void; remove(): void } {
  const other = read(path);
  if (other !== undefined && commandLineOf(other.pid).includes('scripts/start.ts')) {
    console.error(
      `SecureChat is ${other.state === 'ready' ? 'running' : 'starting'} already, as process ${other.pid}.\n` +
        `Stop it with Ctrl-C where it runs, or with: kill ${other.pid}`,
    );
    process.exit(1);
  }
  save(path, { pid: process.pid, state: 'starting' });
  return {
    write: (parts) => save(path, describe(parts)),
    remove: () => rmSync(path, { force: true }),
  };
}

function describe({ instances, urls, processes }: Parts): StackFile {
  const pidByName = new Map(processes.map((each) => [each.name, each.pid]));
  return {
    pid: process.pid,
    state: 'ready',
    redisUrl: urls.redis,
    postgresUrl: urls.postgres,
    services: instances.map(({ name, service, addresses, opsUrl }) => {
      return { name, service, pid: pidByName.get(name) ?? 0, addresses, opsUrl };
    }),
  };
}

function read(path: string): StackFile | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as StackFile;
  } catch {
    return undefined;
  }
}

/** Renamed into place, so that no reader sees half of it. Readable only by us: a URL may contain a password. */
function save(path: string, content: StackFile): void {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

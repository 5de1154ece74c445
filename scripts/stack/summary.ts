import { maskUrl } from '../../packages/kernel/src/mask.ts';
import type { StackUrls } from './data-servers.ts';
import type { RunningProcess } from './running.ts';
import type { ServiceInstance } from './services.ts';

type Parts = {
  instances: ServiceInstance[];
  urls: StackUrls;
  processes: readonly RunningProcess[];
  webUrl: string;
};

/** Prints what runs where, and what to do with it. */
export function printSummary({ instances, urls, processes, webUrl }: Parts): void {
  const pid = (name: string) => String(processes.find((each) => each.name === name)?.pid ?? 'given');
  const rows = [
    ['SERVICE', 'PID', 'ADDRESS', 'OPS', 'LOG'],
    ['redis', pid('redis'), maskUrl(urls.redis), '', ''],
    ['postgres', pid('postgres'), maskUrl(urls.postgres), '', ''],
    ...instances.map(({ name, addresses, opsUrl }) => {
      return [name, pid(name), Object.values(addresses).join('  ') || '-', opsUrl, `.data/logs/${name}.log`];
    }),
    ['web', pid('web'), webUrl, '', '.data/logs/web.log'],
  ];
  const next = [
    [`  ${webUrl}`, 'the web client; sign up with any name'],
    [`  ${webUrl}?profile=bob`, 'a second person beside the first, with a store of their own'],
    ['  npm run --silent securechat -- chat', 'a messenger in another terminal; docs/cli.md'],
    ['  npm run demo', 'two people chat over this stack'],
    [`  curl ${instances.at(-1)?.opsUrl}/metrics`, 'what a service counts; also /livez and /readyz'],
    [
      '  docs/operations.md#accounts',
      'invites, revocations: the admin API, with the token in .data/secrets.json',
    ],
    ['  docs/protocol.md', 'the protocol, for a client of your own'],
  ];
  console.log(`\n${table(rows)}\n\nTry next:\n${table(next)}\n`);
}

function table(rows: string[][]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

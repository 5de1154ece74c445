import type { StackUrls } from './data-servers.ts';
import type { RunningProcess } from './running.ts';
import type { ServiceInstance } from './services.ts';

type Parts = { instances: ServiceInstance[]; urls: StackUrls; processes: readonly RunningProcess[] };

/** What runs where, and what to do with it. */
export function printSummary({ instances, urls, processes }: Parts): void {
  const pid = (name: string) => String(processes.find((each) => each.name === name)?.pid ?? 'given');
  const rows = [
    ['SERVICE', 'PID', 'ADDRESS', 'OPS', 'LOG'],
    ['redis', pid('redis'), withoutPassword(urls.redis), '', ''],
    ['postgres', pid('postgres'), withoutPassword(urls.postgres), '', ''],
    ...instances.map(({ name, addresses, opsUrl }) => {
      return [name, pid(name), Object.values(addresses).join('  ') || '-', opsUrl, `.data/logs/${name}.log`];
    }),
  ];
  const next = [
    ['  npm run demo', 'two people chat over this stack'],
    [`  curl ${instances.at(-1)?.opsUrl}/metrics`, 'what a service counts; also /livez and /readyz'],
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

function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password !== '') shown.password = '***';
  return shown.href;
}

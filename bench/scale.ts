// npm run bench:scale -- [processes] [connections] [options]: the cost of a message as processes are added, each with the same load, and
// as connections are added; see README.md.
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { chosen, readOrEnd, wholeNumber } from '../scripts/read-or-end.ts';
import { generate } from './generate.ts';
import type { Job, Results } from './generator/job.ts';
import { type ByProcess, sum, total } from './measure/processes.ts';
import { referenceLoopMs } from './measure/reference.ts';
import { median } from './measure/statistics.ts';
import { formatNumber, formatTable } from './measure/table.ts';
import { type StackOptions, startStack } from './stack.ts';

const WARM_UP_SECONDS = 3;
/** Users writing at each gateway. */
const USERS_OF_A_GATEWAY = 50;
/** For all gateways together, while connections are added. */
const STEADY_RATE = 300;
/** Each private key has its own guarded pages; beyond a limit of memory areas, the kernel must be configured for more. */
const AREAS_OF_A_KEY = 8;
/** On the path of a message. The cost of other processes does not depend on messages. */
const ON_THE_WAY = ['gateway', 'delivery', 'redis', 'postgres'] as const;

const PARTS = ['processes', 'connections'] as const;
const USAGE = `Usage: npm run bench:scale -- [processes] [connections] [options]
  --counts A,B        how many of each process (default 1,2,4)
  --rate N            messages per second for each gateway and delivery process (default 150)
  --connections A,B   (default 100,1000,10000)
  --secs N            seconds measured in each run (default 8)
  --runs N            of processes, by turns (default 3)
  --quiet N           seconds to wait for other load on the machine to end (default 6)`;

const { parts, counts, rate, connections, secs, runs, quiet } = readOrEnd(USAGE, () => {
  const text = { type: 'string' } as const;
  const known = { counts: text, rate: text, connections: text, secs: text, runs: text, quiet: text } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { ...known, help: { type: 'boolean' } },
  });
  if (values.help) return undefined;
  const parts = chosen('part', positionals, PARTS);
  const connections = wholeNumbers('connections', values.connections, [100, 1_000, 10_000]);
  if (parts.includes('connections')) demandAreas(Math.max(...connections));
  return {
    ...{ parts, connections, counts: wholeNumbers('counts', values.counts, [1, 2, 4]) },
    rate: wholeNumber('rate', values.rate, 150),
    secs: wholeNumber('secs', values.secs, 8),
    runs: wholeNumber('runs', values.runs, 3),
    quiet: wholeNumber('quiet', values.quiet, 6),
  };
});

function wholeNumbers(name: string, given: string | undefined, otherwise: number[]): number[] {
  return given?.split(',').map((each) => wholeNumber(name, each, 0)) ?? otherwise;
}

async function measure<W extends 'rate' | 'idle'>(
  workload: W,
  load: Partial<Job>,
  options: StackOptions = {},
): Promise<Results[W]> {
  const { pids, stop, wsUrls, authUrl } = await startStack(options);
  try {
    return (await generate({
      ...{
        workload,
        driver: 'securechat' as const,
        wsUrls,
        authUrl,
        pids,
        seconds: secs,
        warmUpSeconds: WARM_UP_SECONDS,
      },
      ...{ quietSeconds: quiet, users: 0, messagesPerSecond: 0, connections: 0, ...load },
    })) as Results[W];
  } finally {
    await stop();
  }
}

/** CPU time in µs per message, by kind of process. */
function costsOf({ window, messages, counts, firstError }: Results['rate']): number[] {
  const faults = counts.lost + counts.doubled + counts.unanswered + counts.disordered + counts.errors;
  if (faults > 0) throw new Error(`${faults} faults, the first: ${firstError}`);
  const of = (kind: string): number =>
    sum(Object.entries(window.cpu).flatMap(([name, cpu]) => (name.startsWith(kind) ? [cpu] : [])));
  return ON_THE_WAY.map((kind) => (of(kind) * 1e6) / messages);
}

/** The median of several runs, figure by figure. */
const middle = (rows: readonly (readonly number[])[]): number[] =>
  (rows[0] ?? []).map((_, column) => median(rows.map((row) => row[column] ?? Number.NaN)));

/** One, two and four of each, alternating, so that other activity on the machine affects all alike. */
async function addProcesses(): Promise<void> {
  const costs = new Map<number, number[][]>(counts.map((count) => [count, []]));
  for (let run = 1; run <= runs; run += 1) {
    for (const pairs of counts) {
      const load = { users: USERS_OF_A_GATEWAY * pairs, messagesPerSecond: rate * pairs };
      const result = await measure('rate', load, { pairs });
      costs.get(pairs)?.push(costsOf(result));
      console.log(
        `  run ${run}, ${pairs} of each: ${formatNumber(result.messages / result.window.seconds)} messages/s, p99 to deliver ` +
          `${formatNumber(result.deliverMs.p99)} ms, ${formatNumber(result.window.foreignCores)} cores busy with other programs`,
      );
    }
  }
  const rows = counts.map((count) => middle(costs.get(count) ?? []));
  const first = sum(rows[0] ?? []);
  const lines = counts.map((count, index) => {
    const cost = rows[index] ?? [];
    return [`${count}`, ...[...cost, sum(cost)].map(formatNumber), formatNumber(sum(cost) / first)];
  });
  console.log(
    `\nCPU-µs for each message at ${rate} messages/s for each gateway and delivery process, median of ${runs}\n` +
      formatTable([['of each', ...ON_THE_WAY, 'all', 'ratio'], ...lines]),
  );
}

/** The same traffic with more and more people, and the cost of those who send nothing. */
async function addConnections(): Promise<void> {
  const lines: string[][] = [];
  for (const count of connections) {
    const talking = await measure('rate', { users: count, messagesPerSecond: STEADY_RATE });
    const idle = await measure('idle', { connections: count });
    const gateways = (of: ByProcess): number =>
      sum(Object.entries(of).flatMap(([name, value]) => (name.startsWith('gateway') ? [value] : [])));
    lines.push([
      `${count}`,
      formatNumber(sum(costsOf(talking))),
      formatNumber(talking.deliverMs.p99),
      formatNumber((total(idle.login.cpu) * 1000) / count),
      formatNumber((total(idle.idle.cpu) / idle.idle.seconds) * 100),
      formatNumber(gateways(idle.memoryKib) / count),
      formatNumber(total(idle.memoryKib) / count),
    ]);
    console.log(
      `  ${count} connections: done, ${formatNumber(talking.window.foreignCores)} cores busy with other programs`,
    );
  }
  const heading = [
    'connections',
    'CPU-µs/message',
    'p99 to deliver, ms',
    'CPU-ms/login',
    'at rest, % of a core',
    'KiB/connection, gateways',
    'all',
  ];
  console.log(
    `\n2 gateways, 2 delivery processes; ${STEADY_RATE} messages/s by all of them together\n${formatTable([heading, ...lines])}`,
  );
}

function demandAreas(people: number): void {
  const most = Number(readFileSync('/proc/sys/vm/max_map_count', 'latin1'));
  if (people * AREAS_OF_A_KEY > most)
    throw new Error(`${people} keys need more areas of memory: sysctl -w vm.max_map_count=1000000`);
}

if (process.platform !== 'linux') throw new Error('This reads /proc, which is a thing of Linux.');
console.log(`${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}`);
console.log(`  reference loop ${formatNumber(referenceLoopMs())} ms`);
if (parts.includes('processes')) await addProcesses();
if (parts.includes('connections')) await addConnections();
process.exit(0);

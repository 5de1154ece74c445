// Resource usage of processes, read from Linux's /proc.
import { readdirSync, readFileSync } from 'node:fs';

/** sysconf(_SC_CLK_TCK), which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Process id by name; a name stands for the process and all its descendants. */
export type Pids = Readonly<Record<string, number>>;
export type ByProcess = Record<string, number>;

type Stat = { pid: number; parent: number; cpuSeconds: number };

function readStat(pid: number): Stat | undefined {
  const text = readProc(`${pid}/stat`);
  if (text === undefined) return undefined;
  // the name before the last bracket may contain anything
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // user and system time, of the process and of its ended children
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { pid, parent: Number(fields[1]), cpuSeconds: ticks / TICKS_PER_SECOND };
}

/** A process may end between being listed and being read. */
function readProc(name: string): string | undefined {
  try {
    return readFileSync(`/proc/${name}`, 'latin1');
  } catch {
    return undefined;
  }
}

/** For each name the process and its descendants. */
function trees(pids: Pids): Map<string, Stat[]> {
  const running = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? []);
  const children = Map.groupBy(running, (stat) => stat.parent);
  const descend = (stat: Stat): Stat[] => [stat, ...(children.get(stat.pid) ?? []).flatMap(descend)];
  return new Map(
    Object.entries(pids).map(([name, pid]) => [
      name,
      running.filter((stat) => stat.pid === pid).flatMap(descend),
    ]),
  );
}

/** CPU time used so far, in seconds. */
export function cpuSeconds(pids: Pids): ByProcess {
  return mapTrees(pids, (stat) => stat.cpuSeconds);
}

/** Memory in KiB; shared memory is divided among the processes (PSS). Excludes kernel memory of sockets. */
export function memoryKib(pids: Pids): ByProcess {
  return mapTrees(pids, (stat) => {
    const found = /^Pss:\s+(\d+)/m.exec(readProc(`${stat.pid}/smaps_rollup`) ?? '');
    return Number(found?.[1] ?? 0);
  });
}

function mapTrees(pids: Pids, measure: (stat: Stat) => number): ByProcess {
  return Object.fromEntries([...trees(pids)].map(([name, stats]) => [name, sum(stats.map(measure))]));
}

/** CPU time used by all processes of the machine, in seconds. */
export function machineCpuSeconds(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (readProc('stat') ?? '')
    .split('\n', 1)
    .flatMap((line) => line.trim().split(/\s+/).slice(1).map(Number));
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND;
}

export function growth(before: ByProcess, after: ByProcess): ByProcess {
  return Object.fromEntries(
    Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]),
  );
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function total(values: ByProcess): number {
  return sum(Object.values(values));
}

// Where the services spend their time: reads the V8 CPU profiles of a run and counts, within its window, each function's own time
// (without its callees).
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sum } from './measure/processes.ts';
import { formatNumber, formatTable } from './measure/table.ts';
import type { Window } from './measure/window.ts';
import { formatParts } from './profile-parts.ts';

type CallFrame = { functionName: string; url: string; lineNumber: number };
type CpuProfile = {
  nodes: { id: number; callFrame: CallFrame }[];
  /** Microseconds of the machine's monotonic clock. */
  startTime: number;
  samples: number[];
  timeDeltas: number[];
};

const SHOWN = 25;
const NOT_WORK = '(idle)';

/**
 * Prints CPU time in µs by function per message (or login), over all processes of a service. The profiler samples by wall clock, so on a
 * busy machine it also counts waiting for a core: only the shares are taken from it, and the CPU time is the window's.
 */
export function printProfiles(folder: string, window: Window, count: number): void {
  const files = readdirSync(folder).filter((file) => file.endsWith('.cpuprofile'));
  const byService = Map.groupBy(files.sort(), (file) => serviceOf(basename(file, '.cpuprofile')));
  const perMessage = new Map<string, Map<string, number>>();
  for (const [service, serviceFiles] of byService) {
    const micros = new Map<string, number>();
    for (const file of serviceFiles) {
      addSelfTimes(micros, JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile, window);
    }
    micros.delete(NOT_WORK);
    const sorted = [...micros].sort(([, a], [, b]) => b - a);
    const sampled = sum([...micros.values()]);
    const used = sum(
      Object.entries(window.cpu).map(([name, cpu]) => (serviceOf(name) === service ? cpu : 0)),
    );
    const toCpu = (time: number): number => ((time / sampled) * used * 1e6) / count;
    perMessage.set(service, new Map(sorted.map(([name, time]) => [name, toCpu(time)])));
    const rows = [['all', sampled] as const, ...sorted.slice(0, SHOWN)].map(([name, time]) => [
      name,
      formatNumber(toCpu(time)),
      `${((time / sampled) * 100).toFixed(1)} %`,
    ]);
    console.log(`\n${formatTable([[`${service}: the function itself`, 'CPU µs', 'share'], ...rows])}`);
  }
  console.log(`\n${formatParts(perMessage)}`);
}

/** `gateway` for `gateway-2`. */
function serviceOf(process: string): string {
  return process.replace(/-\d+$/, '');
}

function addSelfTimes(micros: Map<string, number>, profile: CpuProfile, window: Window): void {
  const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  let at = profile.startTime;
  profile.samples.forEach((node, index) => {
    // a sample covers the time until the next one
    at += profile.timeDeltas[index] ?? 0;
    if (at < window.openedAtUs || at > window.openedAtUs + window.seconds * 1e6) return;
    const name = names.get(node) ?? '(unknown)';
    micros.set(name, (micros.get(name) ?? 0) + (profile.timeDeltas[index + 1] ?? 0));
  });
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const path = url
    .replace(/^file:\/\//, '')
    .replace(/^.*\/node_modules\//, '')
    .replace(/^.*\/(?=(packages|services)\/)/, '');
  return `${name}  ${path}:${lineNumber + 1}`;
}

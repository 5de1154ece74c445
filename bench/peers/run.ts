// npm run bench:peers -- [workloads…] [options]: SecureChat and others, in turn, in one run; see ../README.md.
import { appendFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { chosen, readOrEnd, wholeNumber } from '../../scripts/read-or-end.ts';
import { verifyMicros } from '../codec.ts';
import { generate } from '../generate.ts';
import type { Results, WorkloadName } from '../generator/job.ts';
import { referenceLoopMs } from '../measure/reference.ts';
import { formatNumber } from '../measure/table.ts';
import { loadOf, loadOptions } from '../options.ts';
import { type Report, scenarios } from '../scenarios.ts';
import { columns, figureOf, formatComparison, formatSystems, type Row } from './comparison.ts';
import { formatGoals } from './goals.ts';
import { type SystemName, systems } from './systems.ts';

const USAGE = `Usage: npm run bench:peers -- [full] [rate] [idle] [offline] [group] [options]
  --systems A,B     of ${Object.keys(systems).join(', ')} (default all)
  --rounds N        each system once in every round, by turns forwards and backwards (default 3)
  --secs N          seconds measured in each run (default 5)
  --users N         of full, rate and offline (default 200)
  --connections N   of idle (default 2,000)
  --quiet N         seconds to wait for other load on the machine to end (default 6)
  --json FILE       append one line for each run`;

const WARM_UP_SECONDS = 2;
const WORKLOADS = Object.keys(scenarios) as WorkloadName[];
const SYSTEMS = Object.keys(systems) as SystemName[];

const options = readOptions();
console.log(`${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}\n`);
console.log(formatSystems(options.systems));

const rows: Row[] = [];
const verifyUs = new Map<number, number>();
for (let round = 1; round <= options.rounds; round++) {
  verifyUs.set(round, verifyMicros());
  console.log(
    `\nround ${round}: reference loop ${formatNumber(referenceLoopMs())} ms, one signature check ${formatNumber(verifyUs.get(round) ?? 0)} µs`,
  );
  const inTurn = round % 2 === 1 ? options.systems : options.systems.toReversed();
  for (const workload of options.workloads) {
    for (const system of inTurn) {
      if (systems[system].workloads.includes(workload)) await measure(round, system, workload);
    }
  }
}
for (const workload of options.workloads) console.log(`\n${formatComparison(rows, workload)}`);
const judged = formatGoals(rows, verifyUs);
if (judged) console.log(`\n${judged}`);
const hasFault = rows.some((row) => row.system === 'securechat' && Object.values(row.faults).some(Boolean));
process.exit(hasFault ? 1 : 0);

async function measure(round: number, system: SystemName, workload: WorkloadName): Promise<void> {
  const report = await runOnce(system, workload);
  const { figures, faults, foreignCores } = report;
  const row: Row = { round, system, workload, figures, faults, foreignCores };
  rows.push(row);
  if (options.json !== undefined) {
    const at = new Date().toISOString();
    appendFileSync(options.json, `${JSON.stringify({ at, verifyUs: verifyUs.get(round), ...row })}\n`);
  }
  const shown = Object.keys(columns[workload]).map(
    (title) => `${formatNumber(figureOf(row, title))} ${title}`,
  );
  const found = Object.entries(faults).filter(([, count]) => count > 0);
  console.log(`  ${workload} ${system}: ${shown.join(', ')}`);
  if (found.length > 0)
    console.log(
      `    ${found.map(([fault, count]) => `${count} ${fault}`).join(', ')}. ${report.firstError ?? ''}`,
    );
}

async function runOnce(system: SystemName, workload: WorkloadName): Promise<Report> {
  const { driver, wsUrls, authUrl, pids, stop } = await systems[system].start();
  try {
    const result = await generate({
      ...{ workload, driver, wsUrls, authUrl, pids },
      ...{ seconds: options.seconds, warmUpSeconds: WARM_UP_SECONDS, quietSeconds: options.quiet },
      ...{ users: options.users, messagesPerSecond: 1_000, connections: options.connections },
    });
    return reportOf(workload, result);
  } finally {
    await stop();
  }
}

function reportOf<W extends WorkloadName>(workload: W, result: Results[WorkloadName]): Report {
  return scenarios[workload].report(result as Results[W]);
}

function readOptions() {
  const text = { type: 'string' } as const;
  const known = { ...loadOptions, systems: text, rounds: text } as const;
  return readOrEnd(USAGE, () => {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: known });
    if (values.help) return undefined;
    if (process.platform !== 'linux') throw new Error('All of it reads /proc, which is a thing of Linux.');
    return {
      ...loadOf(values, { seconds: 5 }),
      workloads: chosen('workload', positionals, WORKLOADS),
      systems: chosen('system', values.systems?.split(',') ?? [], SYSTEMS),
      rounds: wholeNumber('rounds', values.rounds, 3),
    };
  });
}

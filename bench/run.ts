// npm run bench -- [names…] [options]; see README.md.
import { appendFileSync, mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chosen, readOrEnd, wholeNumber } from '../scripts/read-or-end.ts';
import { type Comparison, compareWithBaseline, type Measured, saveBaseline } from './baseline.ts';
import { runCodec } from './codec.ts';
import { runE2ee } from './e2ee.ts';
import { generate } from './generate.ts';
import type { Job, Results, WorkloadName } from './generator/job.ts';
import { referenceLoopMs } from './measure/reference.ts';
import { median } from './measure/statistics.ts';
import { formatNumber, formatSpread, formatTable } from './measure/table.ts';
import { assignments, loadOf, loadOptions } from './options.ts';
import { printProfiles } from './profile.ts';
import { type Figures, type Report, scenarios } from './scenarios.ts';
import { startStack } from './stack.ts';
import { formatTlsCost } from './tls-cost.ts';

const USAGE = `Usage: npm run bench -- [codec] [e2ee] [full] [rate] [idle] [offline] [group] [options]
  --runs N          runs of each, every one on a fresh system (default 3)
  --secs N          seconds measured in each run (default 8)
  --users N         of full, rate and offline (default 200)
  --rate N          messages per second of rate (default 1,000)
  --connections N   of idle (default 2,000)
  --quiet N         seconds to wait for other load on the machine to end (default 6)
  --env NAME=VALUE  a variable for all services; may be given several times
  --postgres NAME=VALUE  a setting of Postgres, likewise
  --tls             every run also with gateways that speak TLS, by turns, and what that costs
  --save-baseline   write the figures to baseline.json, with which later runs are compared
  --json FILE       append one line for each run
  --profile FOLDER  leave a V8 CPU profile of each service there; the figures then contain the profiler's cost`;

const NAMES = ['codec', 'e2ee', 'full', 'rate', 'idle', 'offline', 'group'] as const;
type Name = (typeof NAMES)[number];

const CODEC_FIGURES = 'ns per frame';
const E2EE_FIGURES = 'CPU-ms';
const WARM_UP_SECONDS = 3;
/** A run above this counts only if there is no better one. */
const QUIET_CORES = 0.5;

const options = readOptions();
console.log(`${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}`);
let hasFault = false;
for (const name of options.names) {
  if (name === 'codec') benchCodec();
  else if (name === 'e2ee') await benchE2ee();
  else await benchWorkload(name);
}
process.exit(hasFault ? 1 : 0);

function benchCodec(): void {
  const referenceMs = referenceLoopMs();
  const comparison = compare('codec', referenceMs);
  const rows = runCodec((step, ns) => comparison.ratioOf(CODEC_FIGURES, step, ns));
  console.log(`  reference loop ${formatNumber(referenceMs)} ms; ${comparison.says}`);
  keep('codec', referenceMs, {
    [CODEC_FIGURES]: Object.fromEntries(rows.map((row) => [row.step, median(row.samplesNs)])),
  });
  save({
    scenario: 'codec',
    referenceMs,
    nsPerFrame: Object.fromEntries(rows.map((row) => [row.step, row.samplesNs])),
  });
}

async function benchE2ee(): Promise<void> {
  const referenceMs = referenceLoopMs();
  const comparison = compare('e2ee', referenceMs);
  const rows = await runE2ee((step, ms) => comparison.ratioOf(E2EE_FIGURES, step, ms));
  console.log(`  reference loop ${formatNumber(referenceMs)} ms; ${comparison.says}`);
  keep('e2ee', referenceMs, {
    [E2EE_FIGURES]: Object.fromEntries(rows.map((row) => [`${row.devices}: ${row.step}`, median(row.cpuMs)])),
  });
  save({ scenario: 'e2ee', referenceMs, rows });
}

type Run = Report & { referenceMs: number };

async function benchWorkload(name: WorkloadName): Promise<void> {
  console.log(`\n${name}: ${scenarios[name].title(options)}`);
  const plain: Run[] = [];
  const tls: Run[] = [];
  for (let run = 1; run <= options.runs; run++) {
    plain.push(await benchRun(name, run, false));
    if (options.hasTls) tls.push(await benchRun(name, run, true));
  }
  if (options.hasTls) console.log(`\n${formatTlsCost(plain, tls)}`);
  else printRuns(name, plain);
}

async function benchRun(name: WorkloadName, run: number, hasTls: boolean): Promise<Run> {
  const referenceMs = referenceLoopMs();
  const report = reportOf(name, await runOnce(name, hasTls));
  save({ scenario: name, run, settings: options, hasTls, referenceMs, ...report });
  const [headline = '', value = 0] = Object.entries(report.figures.figure ?? {})[0] ?? [];
  console.log(
    `  run ${run}${hasTls ? ' with TLS' : ''}: ${formatNumber(value)} ${headline}; reference loop ${formatNumber(referenceMs)} ms, ` +
      `${formatNumber(report.foreignCores)} cores busy with other programs`,
  );
  tellFaults(report);
  if (options.profile !== undefined)
    printProfiles(options.profile, report.profiled.window, report.profiled.count);
  return { ...report, referenceMs };
}

function tellFaults({ faults, firstError }: Report): void {
  const found = Object.entries(faults).filter(([, count]) => count > 0);
  if (found.length === 0) return;
  hasFault = true;
  console.log(
    `  FAULT: ${found.map(([fault, count]) => `${count} ${fault}`).join(', ')}. ${firstError ?? ''}`,
  );
}

function printRuns(name: WorkloadName, runs: readonly Run[]): void {
  const quiet = runs.filter((run) => run.foreignCores <= QUIET_CORES);
  const shown = quiet.length > 0 ? quiet : runs;
  const referenceMs = median(shown.map((run) => run.referenceMs));
  const comparison = compare(name, referenceMs);
  const figures: Figures = {};
  for (const [heading, first] of Object.entries(shown[0]?.figures ?? {})) {
    const rows = Object.keys(first).map((figure) => {
      const values = shown.map((run) => run.figures[heading]?.[figure] ?? Number.NaN);
      const middle = median(values);
      figures[heading] = { ...figures[heading], [figure]: middle };
      return [figure, ...formatSpread(values), comparison.ratioOf(heading, figure, middle)];
    });
    console.log(`\n${formatTable([[heading, 'median', 'min – max', 'of baseline'], ...rows])}`);
  }
  const noisy = runs.length - quiet.length;
  const choice = quiet.length === 0 ? ', NONE OF THEM QUIET' : noisy > 0 ? `, ${noisy} noisy left out` : '';
  const [middle, range] = formatSpread(runs.map((run) => run.referenceMs));
  console.log(`\n  runs: ${runs.length}${choice}; reference loop ${middle} ms${range && ` (${range})`}`);
  console.log(`  ${comparison.says}`);
  keep(name, referenceMs, figures);
}

/** What a figure depends on besides the code. */
function settingsOf(name: Name): Measured['settings'] {
  const { users, messagesPerSecond, connections } = options;
  switch (name) {
    case 'full':
    case 'offline':
      return { users };
    case 'rate':
      return { users, messagesPerSecond };
    case 'idle':
      return { connections };
    case 'codec':
    case 'e2ee':
    case 'group':
      return {};
  }
}

function compare(name: Name, referenceMs: number): Comparison {
  return compareWithBaseline(name, { settings: settingsOf(name), referenceMs });
}

function keep(name: Name, referenceMs: number, figures: Figures): void {
  if (!options.isBaseline) return;
  saveBaseline(name, `${cpus().length} × ${cpus()[0]?.model.trim()}`, {
    settings: settingsOf(name),
    referenceMs,
    figures,
  });
}

function reportOf<W extends WorkloadName>(name: W, result: Results[WorkloadName]): Report {
  return scenarios[name].report(result as Results[W]);
}

async function runOnce(workload: WorkloadName, hasTls: boolean): Promise<Results[WorkloadName]> {
  const stack = await startStack({
    hasTls,
    profileFolder: options.profile,
    env: options.env,
    postgresSettings: options.postgres,
  });
  try {
    const { wsUrls, authUrl, pids, certificateFile } = stack;
    const job: Job = {
      workload,
      driver: 'securechat',
      wsUrls,
      authUrl,
      pids,
      seconds: options.seconds,
      warmUpSeconds: WARM_UP_SECONDS,
      quietSeconds: options.quiet,
      users: options.users,
      messagesPerSecond: options.messagesPerSecond,
      connections: options.connections,
    };
    return await generate(job, certificateFile);
  } finally {
    await stack.stop();
  }
}

function save(row: object): void {
  if (options.json === undefined) return;
  const machine = {
    at: new Date().toISOString(),
    cores: cpus().length,
    cpu: cpus()[0]?.model,
    node: process.versions.node,
  };
  appendFileSync(options.json, `${JSON.stringify({ ...machine, ...row })}\n`);
}

function readOptions() {
  const text = { type: 'string' } as const;
  const texts = { type: 'string', multiple: true } as const;
  const known = {
    ...loadOptions,
    runs: text,
    rate: text,
    profile: text,
    tls: { type: 'boolean' },
    'save-baseline': { type: 'boolean' },
    env: texts,
    postgres: texts,
  } as const;
  return readOrEnd(USAGE, () => {
    const { values, positionals } = parseArgs({ allowPositionals: true, options: known });
    if (values.help) return undefined;
    const names = chosen('measurement', positionals, NAMES);
    if (process.platform !== 'linux' && names.some((name) => name !== 'codec' && name !== 'e2ee')) {
      throw new Error(
        'Only codec and e2ee can be measured here: all others read /proc, which is a thing of Linux.',
      );
    }
    const { profile, tls: hasTls = false, 'save-baseline': isBaseline = false } = values;
    const isSpecial = hasTls || (profile ?? values.env ?? values.postgres) !== undefined;
    if (isBaseline && isSpecial) throw new Error('A baseline has no --tls, --profile, --env or --postgres.');
    if (profile !== undefined) mkdirSync(profile, { recursive: true });
    return {
      ...loadOf(values, { seconds: 8 }),
      names,
      runs: wholeNumber('runs', values.runs, 3),
      messagesPerSecond: wholeNumber('rate', values.rate, 1_000),
      profile: profile === undefined ? undefined : resolve(profile),
      hasTls,
      isBaseline,
      env: assignments(values.env),
      postgres: assignments(values.postgres),
    };
  });
}

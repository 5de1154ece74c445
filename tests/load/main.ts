// npm run load -- SCENARIO [options]: a load test against a stack of its own, or one that runs; see README.md here. Exit code 0: all thresholds were
// kept, 1: one was crossed, or something is missing, 2: the command makes no sense.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStack } from '../../bench/stack.ts';
import { generate } from './generator.ts';
import { judge, percentile } from './judge.ts';
import { findK6, K6Missing, runK6 } from './k6/program.ts';
import { ALWAYS, type Part, plan, type Scenario, type Thresholds } from './plan.ts';
import { prepare, type Target } from './prepare.ts';

const MAX_SECONDS = 3_600;
const USAGE = `Usage: npm run load -- SCENARIO [options]
${Object.entries(plan)
  .map(([name, { what, by }]) => `  ${name.padEnd(8)} ${what} (${by})`)
  .join('\n')}
  --seconds N              how long (default 30, at most ${MAX_SECONDS})
  --times N                as many units, and as many messages, as the scenario says (default 1; 0.5 is half)
  --threshold 'NAME:RULE'  another rule for a metric, such as 'send_to_ack_ms:p(95)<200'; may be given several times
  --auth URL --ws URL      a system that runs, instead of one of its own; --ws may be given several times
  --tcp PORT               where it takes TCP, for the scenario tcp; likewise`;

class Misuse extends Error {}

type Wanted = {
  scenario: Scenario;
  parts: Part[];
  thresholds: Thresholds;
  seconds: number;
  target: Target | undefined;
};

function read(): Wanted {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '30' },
      times: { type: 'string', default: '1' },
      threshold: { type: 'string', multiple: true, default: [] },
      auth: { type: 'string' },
      ws: { type: 'string', multiple: true, default: [] },
      tcp: { type: 'string', multiple: true, default: [] },
    },
  });
  const scenario = plan[positionals[0] ?? ''];
  if (!scenario || positionals.length !== 1) throw new Misuse('Which scenario?');
  const [seconds, times] = [Number(values.seconds), Number(values.times)];
  if (!(seconds >= 1 && seconds <= MAX_SECONDS)) throw new Misuse(`--seconds is from 1 to ${MAX_SECONDS}`);
  if (!(times > 0)) throw new Misuse('--times is above 0');
  const thresholds: Thresholds = { ...scenario.thresholds, ...ALWAYS };
  for (const given of values.threshold) {
    const [name = '', ...rule] = given.split(':');
    if (rule.length === 0) throw new Misuse(`--threshold ${given} has no rule`);
    thresholds[name] = [rule.join(':')];
  }
  const parts = scenario.parts.map((part) => ({
    ...part,
    units: Math.max(1, Math.round(part.units * times)),
    messagesPerSecond: part.messagesPerSecond * times,
  }));
  const { auth, ws } = values;
  if ((auth === undefined) !== (ws.length === 0)) throw new Misuse('--auth and --ws belong together');
  const target =
    auth === undefined ? undefined : { authUrl: auth, wsUrls: ws, tcpPorts: values.tcp.map(Number) };
  return { scenario, parts, thresholds, seconds, target };
}

const say = (line: string): void => console.log(`[load] ${line}`);

async function runNode(
  prepared: Awaited<ReturnType<typeof prepare>>,
  target: Target,
  wanted: Wanted,
): Promise<boolean> {
  const { data, people } = prepared;
  const isTcp = wanted.scenario === plan.tcp;
  const measured = await generate({
    data,
    peopleOf: ({ devices }) => devices.flatMap(({ user }) => people.get(user) ?? []),
    targetOf: (index) =>
      isTcp
        ? {
            tcp: {
              host: new URL(target.wsUrls[0] ?? '').hostname,
              port: target.tcpPorts[index % target.tcpPorts.length] ?? 0,
            },
          }
        : { url: target.wsUrls[index % target.wsUrls.length] ?? '' },
    tell: say,
  });
  for (const [name, values] of Object.entries(measured.times))
    if (values.length > 0)
      say(
        `${name}: ${values.length} values, p50 ${Math.round(percentile(values, 50))}, p95 ${Math.round(percentile(values, 95))}, p99 ${Math.round(percentile(values, 99))}`,
      );
  say(
    Object.entries(measured.counts)
      .map(([name, value]) => `${value} ${name}`)
      .join(', '),
  );
  const judged = judge(wanted.thresholds, measured);
  for (const { text, isKept } of judged) say(`${isKept ? 'kept   ' : 'CROSSED'} ${text}`);
  return judged.every(({ isKept }) => isKept);
}

async function run(): Promise<boolean> {
  const wanted = read();
  if (wanted.scenario.by === 'k6') findK6();
  const folder = mkdtempSync(join(tmpdir(), 'securechat-load-'));
  const own = wanted.target ? undefined : await startStack();
  try {
    const target = wanted.target ?? own;
    if (!target) throw new TypeError('there is nothing to load');
    const prepared = await prepare(target, wanted.parts, wanted.seconds, say);
    say(`${wanted.scenario.what}; ${wanted.seconds} s`);
    if (wanted.scenario.by === 'node') return await runNode(prepared, target, wanted);
    return (await runK6(folder, prepared.data, wanted.thresholds)) === 0;
  } finally {
    await own?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  process.exitCode = (await run()) ? 0 : 1;
} catch (error) {
  const isMisuse = error instanceof Misuse || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS');
  if (!isMisuse && !(error instanceof K6Missing)) throw error;
  console.error(isMisuse ? `${(error as Error).message}\n${USAGE}` : (error as Error).message);
  process.exitCode = isMisuse ? 2 : 1;
}

// npm run prometheus:check [-- --write]: checks rules, their pages and dashboards against the services' metrics, and with promtool if it
// is on PATH (or in PROMTOOL). With --write, first generates the dashboards and the operator's copy.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { dashboards, grafanaJson } from './prometheus/dashboards.ts';
import {
  copyFindings,
  dashboardFindings,
  PROMETHEUS_RULE,
  prometheusRule,
  ruleFindings,
} from './prometheus/findings.ts';
import { metricNames } from './prometheus/metric-names.ts';
import { PROMETHEUS, ruleGroups } from './prometheus/rules.ts';
import { ROOT, runTool } from './tools.ts';

const groups = ruleGroups();
const metrics = await metricNames();
const files = new Map(
  dashboards.map((each) => [join(ROOT, 'infra/grafana/dashboards', `${each.uid}.json`), grafanaJson(each)]),
);
if (process.argv.includes('--write')) {
  for (const [file, text] of files) writeFileSync(file, text);
  const note = '# Made of infra/prometheus/rules: npm run prometheus:check -- --write\n';
  writeFileSync(PROMETHEUS_RULE, note + stringify(prometheusRule(groups), { lineWidth: 0 }));
  await runTool(
    '@biomejs/biome',
    'biome',
    ['format', '--write', ...files.keys(), PROMETHEUS_RULE],
    'capture',
  );
}
const promtool = promtoolFindings();
const findings = [
  ...ruleFindings(groups, metrics),
  ...dashboardFindings(groups, metrics),
  ...copyFindings(groups, files),
  ...(promtool ?? []),
];
for (const finding of findings) console.error(finding);
console.log(
  `${groups.flatMap(({ rules }) => rules).length} rules, ${dashboards.length} dashboards: ${findings.length} findings`,
);
if (promtool === undefined)
  console.log('promtool is not there: neither syntax nor the tests of rules were looked at.');
process.exitCode = findings.length === 0 ? 0 : 1;

/** Undefined without promtool. Dashboard expressions are passed to it as recording rules. */
function promtoolFindings(): string[] | undefined {
  const program = process.env.PROMTOOL || 'promtool';
  const run = (...args: string[]): string[] => {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', cwd: PROMETHEUS });
    return status === 0 ? [] : [`promtool ${args.slice(0, 2).join(' ')}: ${stdout}${stderr}`];
  };
  if (spawnSync(program, ['--version']).error) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'securechat-promtool-'));
  try {
    const expressions = dashboards.flatMap(({ panels }) =>
      panels.flatMap(({ series }) => series.map(([, expr]) => expr)),
    );
    const rules = expressions.map((expr, index) => ({
      record: `expression:${index}`,
      expr: expr.replaceAll('$__rate_interval', '1m'),
    }));
    writeFileSync(join(folder, 'dashboards.yml'), stringify({ groups: [{ name: 'dashboards', rules }] }));
    return [
      ...run('check', 'config', 'prometheus.yml'),
      ...run('check', 'rules', join(folder, 'dashboards.yml')),
      ...run('test', 'rules', 'tests/rules.test.yml'),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

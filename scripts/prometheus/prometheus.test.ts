import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { ROOT } from '../tools.ts';
import { dashboards, grafanaJson } from './dashboards.ts';
import { copyFindings, dashboardFindings, ruleFindings } from './findings.ts';
import { metricNames } from './metric-names.ts';
import { type Group, labelsIn, ruleGroups, seriesIn } from './rules.ts';

let metrics: Set<string>;
beforeAll(async () => {
  metrics = await metricNames();
});

const changed = (change: (rule: Group['rules'][number]) => void): Group[] => {
  const groups = ruleGroups();
  change(groups.flatMap(({ rules }) => rules).find(({ alert }) => alert === 'SecureChatDeadLetters')!);
  return groups;
};

test('every alert has a page and a severity, and every metric in rules and dashboards is one that the services have', () => {
  const groups = ruleGroups();
  const files = new Map(
    dashboards.map((each) => [join(ROOT, 'infra/grafana/dashboards', `${each.uid}.json`), grafanaJson(each)]),
  );
  expect([
    ...ruleFindings(groups, metrics),
    ...dashboardFindings(groups, metrics),
    ...copyFindings(groups, files),
  ]).toEqual([]);
});

test('a metric that nobody has, a page that is not there and a severity that is missing are found', () => {
  const misspelt = changed((rule) => (rule.expr = rule.expr.replaceAll('dead_letters', 'dead_letter')));
  expect(ruleFindings(misspelt, metrics)).toContainEqual(
    expect.stringMatching(/asks for securechat_delivery_dead_letter_total/),
  );
  const renamed = changed((rule) => (rule.alert = 'SecureChatOther'));
  expect(ruleFindings(renamed, metrics)).toEqual(
    expect.arrayContaining([
      'docs/alerts.md says nothing of SecureChatOther',
      'docs/alerts.md: nothing raises SecureChatDeadLetters',
      'infra/prometheus/tests do not see SecureChatOther both silent and firing',
    ]),
  );
  const lax = changed((rule) => (rule.labels = { severity: 'maybe' }));
  expect(ruleFindings(lax, metrics)).toEqual(['SecureChatDeadLetters has no severity']);
});

test('names are found in expressions wherever they stand', () => {
  expect(
    seriesIn(
      'sum by (job) (rate(securechat_a_total{kind="securechat",x!="y"}[5m])) > on (job) max(up) unless process_b - securechat:c:rate',
    ),
  ).toEqual(['securechat_a_total', 'up', 'process_b', 'securechat:c:rate']);
});

test('labels are found with each value, but not those that Prometheus writes', () => {
  expect(
    labelsIn(
      'rate(a_total{job=~"x-.*",kind="one",to=~"b|c"}[5m]) > {__name__=~"d_(e|f)_g",exported_job="h"}',
    ),
  ).toEqual([
    { series: 'a_total', label: 'kind', value: 'one' },
    { series: 'a_total', label: 'to', value: 'b' },
    { series: 'a_total', label: 'to', value: 'c' },
    { series: 'd_e_g', label: 'job', value: 'h' },
    { series: 'd_f_g', label: 'job', value: 'h' },
  ]);
});

test('the dashboards of the repository are JSON that Grafana imports: unique ids, panels that do not overlap', () => {
  for (const { uid, panels } of dashboards) {
    const file = JSON.parse(readFileSync(join(ROOT, 'infra/grafana/dashboards', `${uid}.json`), 'utf8')) as {
      panels: { id: number; gridPos: { x: number; y: number } }[];
    };
    expect(new Set(file.panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(file.panels.map(({ gridPos }) => `${gridPos.x},${gridPos.y}`)).size).toBe(panels.length);
  }
});

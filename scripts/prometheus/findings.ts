import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../tools.ts';
import { dashboards } from './dashboards.ts';
import { alertsInTests, type Group, pageAnchors, seriesIn } from './rules.ts';

export const PROMETHEUS_RULE = join(ROOT, 'infra/k8s/components/service-monitor/prometheus-rule.yaml');

/** What alerts need beyond promtool's checks: a page each, a severity, and existing metrics. */
export function ruleFindings(groups: readonly Group[], metrics: ReadonlySet<string>): string[] {
  const rules = groups.flatMap((group) => group.rules);
  const known = new Set([...metrics, ...rules.flatMap(({ record }) => record ?? [])]);
  const alerts = new Set(rules.flatMap(({ alert }) => alert ?? []));
  const pages = pageAnchors();
  const { silent, firing } = alertsInTests();
  const findings: string[] = [];
  for (const { alert, record, expr, labels, annotations } of rules) {
    const name = alert ?? record;
    for (const series of unknownIn(expr, known))
      findings.push(`${name} asks for ${series}, which nobody has`);
    if (alert === undefined) continue;
    if (!['page', 'ticket'].includes(labels?.severity ?? '')) findings.push(`${alert} has no severity`);
    if (!annotations?.summary) findings.push(`${alert} has no summary`);
    if (annotations?.runbook_url !== `docs/alerts.md#${alert.toLowerCase()}`)
      findings.push(`${alert} leads to no page`);
    if (!pages.includes(alert)) findings.push(`docs/alerts.md says nothing of ${alert}`);
    if (!firing.has(alert) || !silent.has(alert))
      findings.push(`infra/prometheus/tests do not see ${alert} both silent and firing`);
  }
  return [
    ...findings,
    ...pages.filter((page) => !alerts.has(page)).map((page) => `docs/alerts.md: nothing raises ${page}`),
  ];
}

export function dashboardFindings(groups: readonly Group[], metrics: ReadonlySet<string>): string[] {
  const known = new Set([
    ...metrics,
    ...groups.flatMap(({ rules }) => rules.flatMap(({ record }) => record ?? [])),
  ]);
  return dashboards.flatMap(({ uid, panels }) =>
    panels.flatMap(({ title, series }) =>
      series.flatMap(([, expr]) =>
        unknownIn(expr, known).map((name) => `${uid}: ${title} asks for ${name}, which nobody has`),
      ),
    ),
  );
}

/** The rules in the format of the Prometheus operator. */
export function prometheusRule(groups: readonly Group[]): object {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'securechat' },
    spec: { groups },
  };
}

export function copyFindings(
  groups: readonly Group[],
  dashboardFiles: ReadonlyMap<string, string>,
): string[] {
  const copy: unknown = parse(readFileSync(PROMETHEUS_RULE, 'utf8'));
  const stale = [...dashboardFiles].filter(
    ([file, text]) =>
      JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))) !== JSON.stringify(JSON.parse(text)),
  );
  const all = [
    ...stale.map(([file]) => file),
    ...(JSON.stringify(copy) === JSON.stringify(prometheusRule(groups)) ? [] : [PROMETHEUS_RULE]),
  ];
  return all.map(
    (file) => `${file.slice(ROOT.length + 1)} is not what it is made of: npm run prometheus:check -- --write`,
  );
}

/** A name used as a label value is quoted, as a pattern. */
function unknownIn(expr: string, known: ReadonlySet<string>): string[] {
  const pattern = /__name__=~"([^"]+)"/.exec(expr)?.[1];
  const byPattern =
    pattern !== undefined && ![...known].some((name) => new RegExp(`^(?:${pattern})$`).test(name))
      ? [pattern]
      : [];
  return [
    ...byPattern,
    ...seriesIn(expr.replace(/__name__=~"[^"]+"/, '')).filter((name) => !known.has(name)),
  ];
}

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../tools.ts';

export type Rule = {
  record?: string;
  alert?: string;
  expr: string;
  for?: string;
  labels?: { severity?: string };
  annotations?: { summary?: string; description?: string; runbook_url?: string };
};
export type Group = { name: string; rules: Rule[] };

export const PROMETHEUS = join(ROOT, 'infra', 'prometheus');

/** Groups of all rule files, sorted by file name. */
export function ruleGroups(): Group[] {
  return globSync('rules/*.yml', { cwd: PROMETHEUS })
    .sort()
    .flatMap((file) => (parse(readFileSync(join(PROMETHEUS, file), 'utf8')) as { groups: Group[] }).groups);
}

type Case = { alert_rule_test?: { alertname: string; exp_alerts?: unknown[] }[] };

/** Alerts that the tests of rules have seen `silent` and have seen `firing`. */
export function alertsInTests(): { silent: Set<string>; firing: Set<string> } {
  const file = readFileSync(join(PROMETHEUS, 'tests', 'rules.test.yml'), 'utf8');
  const looks = (parse(file) as { tests: Case[] }).tests.flatMap((each) => each.alert_rule_test ?? []);
  const namesOf = (isFiring: boolean): Set<string> =>
    new Set(
      looks.flatMap(({ alertname, exp_alerts = [] }) =>
        exp_alerts.length > 0 === isFiring ? [alertname] : [],
      ),
    );
  return { silent: namesOf(false), firing: namesOf(true) };
}

/** Names of metrics and recorded series in an expression: those followed by neither a bracket nor an equals sign. */
export function seriesIn(expr: string): string[] {
  const bare = expr
    .replace(/"[^"]*"/g, (text) => (/^"securechat_/.test(text) ? text : '""'))
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  const plain = [...bare.matchAll(/(?<![\w:$"])([a-zA-Z_:][\w:]*)(?!\s*[(=!]|\w)/g)].map(
    ([, name = '']) => name,
  );
  return plain.filter((name) => /^(securechat|nodejs|process|up$)/.test(name));
}

/** A label with a value, and the series that should have it. */
export type LabelAsked = { series: string; label: string; value: string };

/** What an expression asks of labels that the services write; each alternative of a pattern by itself. */
export function labelsIn(expr: string): LabelAsked[] {
  return [...expr.matchAll(/([a-zA-Z_:][\w:]*)?\{([^}]*)\}/g)].flatMap(([, name = '', inside = '']) => {
    const asked = [...inside.matchAll(/(\w+)=~?"([^"]*)"/g)].map(([, label = '', text = '']) => ({
      label: label === 'exported_job' ? 'job' : label,
      isOfPrometheus: label === 'job',
      values: alternativesOf(text),
    }));
    const names = asked.find(({ label }) => label === '__name__')?.values ?? [name];
    return asked
      .filter(({ label, isOfPrometheus }) => label !== '__name__' && !isOfPrometheus)
      .flatMap(({ label, values }) =>
        values.flatMap((value) => names.map((series) => ({ series, label, value }))),
      );
  });
}

/** `a_(b|c)`, or `b|c`: each of them. */
function alternativesOf(pattern: string): string[] {
  const [, before = '', inside = '', after = ''] = /^([^(]*)\(([^)]*)\)(.*)$/.exec(pattern) ?? [];
  return inside === '' ? pattern.split('|') : inside.split('|').map((each) => `${before}${each}${after}`);
}

/** The documentation anchor of each alert. */
export function pageAnchors(): string[] {
  const page = readFileSync(join(ROOT, 'docs', 'alerts.md'), 'utf8');
  return [...page.matchAll(/^### (\S+)$/gm)].map(([, name = '']) => name);
}

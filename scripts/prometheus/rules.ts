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

/** The documentation anchor of each alert. */
export function pageAnchors(): string[] {
  const page = readFileSync(join(ROOT, 'docs', 'alerts.md'), 'utf8');
  return [...page.matchAll(/^### (\S+)$/gm)].map(([, name = '']) => name);
}

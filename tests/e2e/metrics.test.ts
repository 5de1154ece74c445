import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { dashboards } from '../../scripts/prometheus/dashboards.ts';
import { labelsIn, ruleGroups, seriesIn } from '../../scripts/prometheus/rules.ts';
import { openPair } from '../support/pair.ts';
import { useConstellation } from '../support/stack.ts';

const one = { presences: 1, files: 1, pushes: 1 };
const stack = useConstellation({ ...one, gateways: [{ tls: true }, {}], deliveries: 1 });
const { test } = stack;
const WITHIN_MS = 30_000;

const rules = ruleGroups().flatMap((group) => group.rules);
const ofPrometheus = new Set(['up', ...rules.flatMap(({ record }) => record ?? [])]);
const panels = dashboards.flatMap((dashboard) => dashboard.panels);
const expressions = [
  ...rules.map(({ expr }) => expr),
  ...panels.flatMap(({ series }) => series.map(([, expr]) => expr)),
];
const names = expressions.flatMap(seriesIn).filter((name) => !ofPrometheus.has(name));
const labels = expressions.flatMap(labelsIn);

test('whatever alerts and dashboards ask for is there with its labels, before anything has gone wrong', async () => {
  const pair = await openPair(stack);
  await pair.alices.sendChat(pair.conversation, 'hello');
  const { gateways, deliveries, auths, presences, files, pushes } = stack.constellation;
  const processes = [...gateways, ...deliveries, ...auths, ...presences, ...files, ...pushes];
  expect(names.length).toBeGreaterThan(50);
  expect(labels.length).toBeGreaterThan(20);

  async function missing(): Promise<string[]> {
    const pages = await Promise.all(processes.map((process) => process.metrics()));
    const samples = pages.flatMap((page) => page.samples);
    return [
      ...names.filter((name) => !samples.some((sample) => sample.name === name)),
      ...labels.flatMap(({ series, label, value }) =>
        samples.some((sample) => sample.name === series && sample.labels[label] === value)
          ? []
          : `${series}{${label}="${value}"}`,
      ),
    ];
  }
  let found: string[] = [];
  // lengths of streams are looked at every few seconds
  for (const untilMs = performance.now() + WITHIN_MS; performance.now() < untilMs; await sleep(500)) {
    found = await missing();
    if (found.length === 0) return;
  }
  expect([...new Set(found)]).toEqual([]);
});

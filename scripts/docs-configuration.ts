// node scripts/run.mjs scripts/docs-configuration.ts: writes docs/configuration.md from the services' options.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ConfigRow,
  type ConfigSpec,
  describeConfig,
  serviceOptions,
} from '../packages/kernel/src/index.ts';
import { authOptions } from '../services/auth/src/config.ts';
import { options as deliveryOptions } from '../services/delivery/src/config.ts';
import { options as filesOptions } from '../services/files/src/config.ts';
import { options as gatewayOptions } from '../services/gateway/src/config.ts';
import { options as presenceOptions } from '../services/presence/src/config.ts';
import { options as pushOptions } from '../services/push/src/config.ts';
import { read } from './docs-check-markdown.ts';
import { ROOT } from './tools.ts';

const PAGE = 'docs/configuration.md';

export const specs: [title: string, about: string, spec: ConfigSpec][] = [
  ['Every service', '', serviceOptions],
  ['gateway', '`services/gateway/src/config.ts`', gatewayOptions],
  ['auth', '`services/auth/src/config.ts`', authOptions],
  ['delivery', '`services/delivery/src/config.ts`', deliveryOptions],
  ['presence', '`services/presence/src/config.ts`', presenceOptions],
  ['files', '`services/files/src/config.ts`', filesOptions],
  ['push', '`services/push/src/config.ts`', pushOptions],
];

const HEAD = `# Configuration

Set options as environment variables. An empty one counts as missing. A process with a fault in its environment does not
start, and lists all faults at once.

- Secrets: put the value in the variable, or in a file whose path is in \`<NAME>_FILE\`. The value is never logged.
- Durations: \`1500ms\`, \`30s\`, \`5m\`, \`2h\` or \`7d\`. Sizes: \`65536\`, \`64KiB\` or \`10MB\`.

\`scripts/docs-configuration.ts\` makes this page from the options of the services. To change it, change those and run it.
`;

const TAIL = `## npm start and npm test

The scripts read these; the services do not.

| Variable | Meaning |
|---|---|
| \`REDIS_URL\` | \`npm start\` uses this Redis instead of an embedded one |
| \`POSTGRES_URL\` | \`npm start\` uses this Postgres instead of an embedded one; the role must own the tables and may create schemas and roles |
| \`AUTH_POSTGRES_URL\`, \`DELIVERY_POSTGRES_URL\`, \`PRESENCE_POSTGRES_URL\`, \`FILES_POSTGRES_URL\` | with \`POSTGRES_URL\`: the URL of each service, if it differs |
| \`REDIS_SERVER\` | path of the redis-server or valkey-server program to start |
| \`POSTGRES_PROGRAMS\` | folder with \`bin/postgres\` and \`bin/initdb\` to start instead of the embedded ones, e.g. \`/usr/lib/postgresql/15\` |
| \`TEST_REDIS_URL\`, \`TEST_POSTGRES_URL\` | \`npm test\` uses these servers; the role must be a superuser |
| \`TEST_SERVICES\` | \`embedded\` (the default) or \`containers\`: what \`npm test\` starts otherwise |
| \`S3_TEST_ENDPOINT\`, \`S3_TEST_ACCESS_KEY\`, \`S3_TEST_SECRET_KEY\`, \`S3_TEST_REGION\` | \`npm run test:s3\` and \`npm run test:compose\` use this server, and make and delete buckets on it |
| \`TEST_WORKERS\` | test files that run at once; 3 by default |
`;

function configurationPage(): string {
  const parts = specs.map(([title, about, spec]) => {
    const text = about === '' ? '' : `${about}\n\n`;
    return `## ${title}\n\n${text}${tableOf(describeConfig(spec))}\n`;
  });
  return [HEAD, ...parts, TAIL].join('\n');
}

function tableOf(rows: readonly ConfigRow[]): string {
  const lines = rows.map((row) => {
    const type = row.secret && row.type !== 'secret' ? `${row.type}, secret` : row.type;
    const cells = [`\`${row.env}\``, `${type}${rangeOf(row)}`, defaultOf(row), row.doc];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| Variable | Type | Default | Meaning |', '|---|---|---|---|', ...lines].join('\n');
}

function rangeOf({ min, max }: ConfigRow): string {
  if (min !== undefined && max !== undefined) return `, ${min} to ${max}`;
  if (min !== undefined) return `, at least ${min}`;
  return max === undefined ? '' : `, at most ${max}`;
}

function defaultOf(row: ConfigRow): string {
  if (row.default !== undefined) return row.default === '' ? 'empty' : `\`${row.default}\``;
  return row.required ? 'required' : 'none';
}

export function checkPage(): string[] {
  if (read(PAGE) === configurationPage()) return [];
  return [`${PAGE} is out of date: run node scripts/run.mjs scripts/docs-configuration.ts`];
}

/** Each option must be in .env.example, set or commented out, with its default. */
export function checkEnvExample(): string[] {
  const lines = read('.env.example').split('\n');
  const shown = new Map(lines.flatMap((line) => entryOf(line)));
  const known = new Map(
    specs.flatMap(([, , spec]) => describeConfig(spec).map((row) => [row.env, row] as const)),
  );
  return [
    ...[...known.keys()].filter((name) => !shown.has(name)).map((name) => `.env.example lacks ${name}`),
    ...[...shown.keys()]
      .filter((name) => !known.has(name))
      .map((name) => `.env.example has ${name}, which no service reads`),
    ...[...known.values()]
      .filter((row) => row.default !== undefined && shown.has(row.env) && shown.get(row.env) !== row.default)
      .map((row) => `.env.example shows ${row.env}=${shown.get(row.env)}, but the default is ${row.default}`),
  ];
}

function entryOf(line: string): [string, string][] {
  const [, name, value] = /^#?([A-Z][A-Z0-9_]+)=(.*)$/.exec(line) ?? [];
  return name === undefined ? [] : [[name, value ?? '']];
}

if (import.meta.main) writeFileSync(join(ROOT, PAGE), configurationPage());

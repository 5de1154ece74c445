// node scripts/run.mjs scripts/docs-disclosure.ts: writes docs/what-the-server-sees.md, and the Redis users, from the protocol's
// declarations.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  access,
  around,
  type Fact,
  type Fields,
  facts,
  flatten,
  http,
  postgres,
  type RedisKeys,
  redis,
  redisUsers,
  wire,
} from '../packages/protocol/src/disclosure/index.ts';
import { read } from './docs-check-markdown.ts';
import { ROOT } from './tools.ts';

const PAGE = 'docs/what-the-server-sees.md';
const USERS = 'infra/redis/users.acl';
/** The default of STREAM_PREFIX. */
const PREFIX = 'sc';
const HTTP_FOLDERS = ['services/auth/src/http', 'services/files/src/http'];

const HEAD = `# What the server sees

Made from \`packages/protocol/src/disclosure\` by \`scripts/docs-disclosure.ts\`; change that, then run it.

Everything that a client tells the server, what the server needs it for and how long it stays. A field of the wire that is
missing there does not compile; a column of Postgres or a key of Redis fails \`scripts/disclosure.it.test.ts\`, a privilege
\`scripts/roles.it.test.ts\` or \`scripts/redis-users.it.test.ts\`. "Ciphertext" is sealed on a device with keys that only devices have. A client other than the SDK may put readable
text there, and the server could not tell. Times are those of the default settings; a backup that an operator makes keeps what it
caught.
`;

function disclosurePage(): string {
  return [
    HEAD,
    '## From the connection itself\n',
    tableOf(['What', 'Why', 'Kept'], Object.entries(around).map(factRow)),
    '## Facts\n\nWhat fields tell, by the names that the next two tables use.\n',
    tableOf(['Fact', 'Why', 'Kept'], Object.entries(facts).map(factRow)),
    '## Messages\n\nA number or a list behind a dot is a field within a field.\n',
    tableOf(['Message', 'Its fields, and the fact that each tells'], Object.entries(wire).map(fieldsRow)),
    '## HTTP\n\nOf clients. What the backend of a product asks is in [openapi.json](openapi.json).\n',
    tableOf(['Request', 'Its fields, and the fact that each tells'], Object.entries(http).map(fieldsRow)),
    '## Postgres\n',
    ...Object.entries(postgres).map(
      ([name, { kept, columns }]) =>
        `### \`${name}\`\n\nKept ${kept}. ${rolesOf(name)}\n\n${tableOf(
          ['Column', 'Shows'],
          Object.entries(columns).map(([column, shows]) => [code(column), shows]),
        )}`,
    ),
    '## Redis\n\nBehind the prefix of the deployment. Services: R may read, W may write; whoever is not named gets at nothing.\n',
    tableOf(
      ['Key', 'Holds', 'Until', 'Services'],
      [...redis].map(([text, keys]) => [code(text), keys.shows, keys.kept, usersOf(keys)]),
    ),
  ].join('\n');
}

/** Which roles have which rights on a table. */
function rolesOf(table: string): string {
  const roles = Object.entries(access).flatMap(([role, tables]) => {
    const granted = tables[table];
    return granted ? [`${code(role)}: ${granted.join(', ')}`] : [];
  });
  return roles.length === 0 ? 'No service may read it.' : `Services: ${roles.join('; ')}.`;
}

const usersOf = ({ users }: RedisKeys): string =>
  Object.entries(users)
    .map(([service, grant]) => `${service} ${grant}`)
    .join(', ');

/** A line per user, in the format of ACL files and `ACL SETUSER`. Without a password nobody can log in. */
const usersFile = (): string =>
  redisUsers(PREFIX)
    .map(({ name, rules }) => `user ${name} on ${rules.join(' ')}\n`)
    .join('');

const code = (text: string): string => `\`${text}\``;
const factRow = ([name, { why, kept }]: [string, Fact]): string[] => [name, why, kept];

function fieldsRow([name, fields]: [string, Fields]): string[] {
  const byFact = Map.groupBy(flatten(fields), ([, fact]) => fact);
  const parts = [...byFact].map(
    ([fact, paths]) => `${fact}: ${paths.map(([path]) => code(path)).join(', ')}`,
  );
  return [code(name), parts.join('; ') || '–'];
}

function tableOf(header: string[], rows: string[][]): string {
  const lines = [header, header.map(() => '---'), ...rows].map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  );
  return `${lines.join('\n')}\n`;
}

export function checkPage(): string[] {
  if (read(PAGE) === disclosurePage()) return [];
  return [`${PAGE} is out of date: run node scripts/run.mjs scripts/docs-disclosure.ts`];
}

export function checkUsers(): string[] {
  if (read(USERS) === usersFile()) return [];
  return [`${USERS} is out of date: run node scripts/run.mjs scripts/docs-disclosure.ts`];
}

/** Every route of the HTTP servers is declared, and no other. */
export function checkRoutes(): string[] {
  const files = HTTP_FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => read(`${folder}/${name}`)),
  );
  const route = /\bapp\.(get|head|put|post|patch|delete)(?:<[^(]*>)?\(\s*['"`]([^'"`]+)['"`]/g;
  const served = files.flatMap((text) =>
    [...text.matchAll(route)].map(([, method = '', path]) => `${method.toUpperCase()} ${path}`),
  );
  return [
    ...served.filter((name) => !(name in http)).map((name) => `${name} is served and not declared`),
    ...Object.keys(http).flatMap((name) =>
      served.includes(name) ? [] : [`${name} is declared and not served`],
    ),
  ];
}

if (import.meta.main) {
  writeFileSync(join(ROOT, PAGE), disclosurePage());
  writeFileSync(join(ROOT, USERS), usersFile());
}

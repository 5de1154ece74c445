// node src/call-admin.ts: sends one request to the admin API of the local auth, given as JSON on standard input
// (`method`, `path`, `body`, `idempotencyKey`); prints `status` and `text` of the answer. For `securechat admin
// --compose` and `--kubernetes`: the admin token stays here. Uses auth's own options.
import { json } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { CannotDo, noWords, readConfig, runCommand, UsageError } from '@securechat/kernel';
import { callAdminOptions } from './config.ts';

/** Allows for auth's own waits for Postgres and Redis, and for a busy machine. */
const REQUEST_MS = 20_000;
const USAGE = 'Usage: echo \'{"method": "GET", "path": "/v1/admin/accounts"}\' | node src/call-admin.ts';

type Asked = { method: string; path: string; body?: object; idempotencyKey?: string };

async function readAsked(): Promise<Asked> {
  const asked = (await json(process.stdin).catch(() => undefined)) as Partial<Asked> | undefined;
  const { method = '', path = '', body, idempotencyKey } = asked ?? {};
  const isSound =
    /^(GET|POST|DELETE)$/.test(method) &&
    /^\/v1\/admin\/[\w./?=&%-]+$/.test(path) &&
    (body === undefined || typeof body === 'object') &&
    (idempotencyKey === undefined || typeof idempotencyKey === 'string');
  if (!isSound) throw new UsageError('What is to be asked?');
  return { method, path, ...(body && { body }), ...(idempotencyKey && { idempotencyKey }) };
}

async function run(): Promise<string> {
  noWords(parseArgs({ allowPositionals: true }).positionals);
  const { method, path, body, idempotencyKey } = await readAsked();
  const { config, secrets } = readConfig(callAdminOptions);
  if (secrets.adminToken === undefined)
    throw new CannotDo('AUTH_ADMIN_TOKEN is not set: this auth serves no admin API.');
  const address = `127.0.0.1:${config.httpPort}`;
  const response = await fetch(`http://${address}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${secrets.adminToken}`,
      ...(body && { 'content-type': 'application/json' }),
      ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
    },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(REQUEST_MS),
    redirect: 'error',
  }).catch((cause: Error) => {
    throw new CannotDo(`auth does not answer at ${address} (${cause.message}): does it run?`, { cause });
  });
  return JSON.stringify({ status: response.status, text: await response.text() });
}

await runCommand(USAGE, run);

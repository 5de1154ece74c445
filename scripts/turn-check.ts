// npm run turn:check -- --url turn:HOST:PORT --secret-file FILE: checks that a running TURN server relays to those it should, and to
// nobody else. The file holds AUTH_TURN_SECRET. Needs no root, and sends nothing to the addresses it asks about.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readOrEnd } from './read-or-end.ts';
import { checkTurn } from './turn/checks.ts';

const USAGE = `Usage: npm run turn:check -- --url turn:HOST:PORT --secret-file FILE
--url is a TURN server on UDP; the file holds AUTH_TURN_SECRET.`;

const { host, port, secretFile } = readOrEnd(USAGE, () => {
  const known = {
    url: { type: 'string' },
    'secret-file': { type: 'string' },
    help: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ options: known });
  if (values.help) return undefined;
  const [, host, port = '3478'] =
    /^turn:([^:?]+)(?::(\d+))?(?:\?transport=udp)?$/.exec(values.url ?? '') ?? [];
  if (host === undefined) throw new TypeError('--url is missing, or no TURN server on UDP.');
  if (values['secret-file'] === undefined) throw new TypeError('--secret-file is missing.');
  return { host, port, secretFile: values['secret-file'] };
});
const secret = readFileSync(secretFile, 'utf8').trim();
try {
  const findings = await checkTurn({ host, port: Number(port), secret });
  for (const { what, isGood, detail } of findings)
    console.log(`${isGood ? 'ok    ' : 'FAILED'} ${what}${isGood ? '' : `: ${detail}`}`);
  const failed = findings.filter(({ isGood }) => !isGood).length;
  console.log(`${findings.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  console.error(`FAILED ${(error as Error).message}`);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}

// npm run turn:check -- --url turn:HOST:PORT --secret-file FILE: asks a running TURN server whether it relays to whom it should, and to nobody
// else. The file holds AUTH_TURN_SECRET. Needs no root, and sends nothing to the addresses that it asks about.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { checkTurn } from './turn/checks.ts';

const { values } = parseArgs({ options: { url: { type: 'string' }, 'secret-file': { type: 'string' } } });
const [, host, port = '3478'] = /^turn:([^:?]+)(?::(\d+))?(?:\?transport=udp)?$/.exec(values.url ?? '') ?? [];
if (host === undefined || values['secret-file'] === undefined) {
  console.error(
    'usage: npm run turn:check -- --url turn:HOST:PORT --secret-file FILE\n--url is a TURN server on UDP; the file holds AUTH_TURN_SECRET.',
  );
  process.exit(2);
}
const secret = readFileSync(values['secret-file'], 'utf8').trim();
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

// Types, lint and format, at the same time.
import { ROOT, runTool } from './tools.ts';

const checks = [
  { name: 'types', package: 'typescript', command: 'tsc', args: ['--noEmit', '-p', ROOT] },
  {
    name: 'lint and format',
    package: '@biomejs/biome',
    command: 'biome',
    args: ['check', '--error-on-warnings', '--colors=off'],
  },
];

const failures = await Promise.all(
  checks.map(async (check) => {
    const startedAtMs = performance.now();
    const { status, output } = await runTool(check.package, check.command, check.args, 'capture');
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
    if (status !== 0) console.error(output.trimEnd());
    console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${check.name} (${seconds} s)`);
    return status === 0 ? 0 : 1;
  }),
);

if (failures.includes(1)) {
  console.log('`npm run format` repairs formatting, import order and some lint findings.');
  process.exitCode = 1;
}

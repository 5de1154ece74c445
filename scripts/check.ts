// Checks types, lint, format and unused code, concurrently.
import { join } from 'node:path';
import { ROOT, runTool } from './tools.ts';

const checks = [
  typesOf('types', ROOT),
  typesOf('types of the SDK, for browsers', join(ROOT, 'packages/client')),
  typesOf('types around the SDK, for Node', join(ROOT, 'tsconfig.sdk.json')),
  typesOf('types of the web page', join(ROOT, 'apps/web')),
  {
    name: 'lint and format',
    package: '@biomejs/biome',
    command: 'biome',
    args: ['check', '--error-on-warnings', '--colors=off'],
  },
  { name: 'files and exports that nothing uses', package: 'knip', command: 'knip', args: ['--no-progress'] },
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

function typesOf(name: string, project: string) {
  return { name, package: 'typescript', command: 'tsc', args: ['--noEmit', '-p', project] };
}

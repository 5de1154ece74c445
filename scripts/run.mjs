// Runs a project script on the project's own Node, on a machine that has nothing but Node and npm:
//
//  node scripts/run.mjs scripts/test.ts [arguments]
//
// Plain JavaScript without packages, because it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages } from './install.mjs';
import { findFaults } from './prerequisites.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const node = join(root, 'node_modules', '.bin', 'node');
const [script, ...args] = process.argv.slice(2);

if (!script) fail('Usage: node scripts/run.mjs FILE [ARGUMENTS]');
const faults = findFaults(root, script);
if (faults.length > 0) fail(`Cannot start yet:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);

const installFault = installPackages(root);
if (installFault) fail(installFault);

const probe = spawnSync(node, ['--version'], { encoding: 'utf8' });
if (probe.status !== 0) {
  fail(
    `The project's own Node (${node}) does not run here: ${(probe.stderr || String(probe.error)).trim()}\n` +
      'Remove the node_modules folder and run the same command again.',
  );
}

// The pipe ('ipc') closes when this process ends, however it does; the child then ends itself, see follow-launcher.mjs.
const child = spawn(node, ['--import', './scripts/follow-launcher.mjs', script, ...args], {
  cwd: root,
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  // Caches compiled code for all processes below: a service then starts with half the work.
  env: { NODE_COMPILE_CACHE: join(root, '.cache', 'compiled'), ...process.env },
});
child.on('error', (error) => fail(`Cannot run ${node}: ${error.message}`));
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));

// A terminal sends Ctrl-C to the child as well, so passing it on would count as the second, impatient one.
const atTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
process.on('SIGINT', () => atTerminal || child.kill('SIGINT'));
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));

// An npm that is told to end takes its shell with it, but leaves us running without a signal.
if (process.env.npm_lifecycle_event) {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, 500);
}

/** @param {string} message */
function fail(message) {
  console.error(message);
  process.exit(1);
}

// What a machine needs before anything can be installed, each with its remedy.
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

// from Node 20 on, the bundled npx understands --yes and our engines
const OLDEST_NODE = 20;
const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'];

/** Faults that prevent running, as sentences for a person; empty when there are none. */
export function findFaults(root, script) {
  const faults = [];
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST_NODE) {
    faults.push(
      `Node ${process.versions.node} is too old: install Node ${OLDEST_NODE} or newer (nodejs.org).`,
    );
  }
  const platform = `${process.platform}-${process.arch}`;
  if (!PLATFORMS.includes(platform)) {
    faults.push(`There is no packaged Node for ${platform}: use ${PLATFORMS.join(', ')}, or on Windows WSL.`);
  }
  if (process.platform === 'linux' && !process.report?.getReport().header.glibcVersionRuntime) {
    faults.push(
      'This Linux has no glibc (Alpine?), which Node and Postgres need here: use a Debian or Ubuntu.',
    );
  }
  if (!isOnPath('npx'))
    faults.push('npx was not found: install npm, which brings it (Debian: apt-get install npm).');
  if (!existsSync(join(root, 'pnpm-lock.yaml'))) {
    faults.push('pnpm-lock.yaml is missing: take a complete copy of the project.');
  }
  if (!isWritable(root))
    faults.push(
      `${root} is not writable for you: packages are installed there. Copy it to a folder of yours.`,
    );
  if (!existsSync(join(root, script))) faults.push(`${script} does not exist in ${root}.`);
  return faults;
}

function isOnPath(name) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .some((folder) => folder !== '' && existsSync(join(folder, name)));
}

function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../command.ts';
import { findEngineFault } from '../compose/docker.ts';
import { ROOT } from '../tools.ts';

const SERVICES = ['gateway', 'auth', 'delivery', 'presence', 'files', 'push'] as const;
export const IMAGES = [...SERVICES, 'web'] as const;

/** Unix seconds: the same commit gives the same image, whenever it is built. */
function timeOfCommit(): string {
  return runCommand('git', ['log', '-1', '--format=%ct'], { cwd: ROOT }).toString('utf8').trim();
}

/** Builds and tags all images, and pushes them if requested. Returns the reason where no engine answers. */
export function buildImages(parts: {
  registry: string;
  version: string;
  folder: string;
  shouldPush: boolean;
  say(line: string): void;
}): string | undefined {
  const { registry, version, folder, shouldPush, say } = parts;
  const fault = findEngineFault();
  if (fault !== undefined) return fault;
  const built: string[] = [];
  const same = ['--build-arg', `VERSION=${version}`, '--build-arg', `SOURCE_DATE_EPOCH=${timeOfCommit()}`];
  for (const image of IMAGES) {
    const tag = `${registry}/${image}:${version}`;
    const what =
      image === 'web' ? ['--target', 'web'] : ['--target', 'service', '--build-arg', `SERVICE=${image}`];
    runCommand('docker', ['build', '-f', 'infra/Dockerfile', ...what, ...same, '-t', tag, '.'], {
      cwd: ROOT,
    });
    if (shouldPush) runCommand('docker', ['push', tag], { cwd: ROOT });
    const id = runCommand('docker', ['image', 'inspect', '--format', '{{.Id}}', tag], { cwd: ROOT });
    built.push(`${id.toString('utf8').trim()}  ${tag}`);
    say(tag);
  }
  writeFileSync(join(folder, 'images.txt'), `${built.join('\n')}\n`);
  return undefined;
}

// Checks every object against the API's type: unknown, missing and wrong members are compiler errors.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runTool } from '../tools.ts';
import type { K8sObject } from './documents.ts';

const FOLDER = join(ROOT, '.cache', 'k8s');

/** Findings as text: the object's origin, and the compiler's message. */
export async function typeFindings(objects: readonly K8sObject[]): Promise<string[]> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const names = objects.map((object, index) => {
    const text = `import type { I${object.kind} as Kind } from '${moduleOf(object.apiVersion)}/${object.kind}';\nexport const object: Kind = ${JSON.stringify(object, null, 2)};\n`;
    const name = `object-${index}.ts`;
    writeFileSync(join(FOLDER, name), text);
    return name;
  });
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2024',
    types: [],
    noEmit: true,
    strict: true,
    skipLibCheck: true,
  };
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: names }));
  writeFileSync(join(FOLDER, 'package.json'), '{"type":"module"}');
  const { status, output } = await runTool(
    'typescript',
    'tsc',
    ['--pretty', 'false', '-p', FOLDER],
    'capture',
  );
  if (status === 0) return [];
  return output
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith(' '))
    .map((line) => {
      const object = objects[Number(/object-(\d+)\.ts/.exec(line)?.[1])];
      const what = line.replace(/^.*?error /, '');
      return object === undefined
        ? line
        : `${object.origin}: ${object.kind} ${object.metadata.name}: ${what}`;
    });
}

function moduleOf(apiVersion: string): string {
  const [group] = apiVersion.split('/');
  if (group === 'monitoring.coreos.com') return `@kubernetes-models/prometheus-operator/${apiVersion}`;
  if (group === 'gateway.networking.k8s.io') return `@kubernetes-models/gateway-api/${apiVersion}`;
  return `kubernetes-models/${apiVersion}`;
}

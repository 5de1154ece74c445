import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { unusedPort } from './ports.ts';

const PROGRAM = join(import.meta.dirname, 'testing/ports-process.ts');

test('ports do not run out, and none is given again soon, to whichever process', async () => {
  const elsewhere = [1, 2].map(() => promisify(execFile)(process.execPath, [PROGRAM, '300']));
  const ports: number[] = [];
  for (let n = 0; n < 300; n++) ports.push(await unusedPort());
  for (const { stdout } of await Promise.all(elsewhere)) ports.push(...stdout.trim().split('\n').map(Number));
  expect(ports).toHaveLength(900);
  expect(new Set(ports).size).toBe(900);
});

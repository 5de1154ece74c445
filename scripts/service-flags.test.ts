import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { SERVICE_FLAGS } from '@securechat/testkit';
import { ROOT } from './tools.ts';

test('the image starts Node with the flags that services are tested and measured with', () => {
  const dockerfile = readFileSync(join(ROOT, 'infra', 'Dockerfile'), 'utf8');
  const [, service] = dockerfile.split(/ AS service\n/);
  const command = /^CMD (.+)$/m.exec(service ?? '')?.[1] ?? '';
  expect(JSON.parse(command)).toEqual(['node', ...SERVICE_FLAGS, 'src/main.ts']);
});

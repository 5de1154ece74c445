// biome.json defines which package may import which; this verifies that its rules work.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT, toolPath } from './tools.ts';

const allowed: [string, string[]][] = [
  ['packages/protocol/src/probe.ts', ['./schema/type.ts']],
  ['packages/kernel/src/probe.ts', ['node:fs', 'pino']],
  ['packages/crypto/src/probe.ts', ['@securechat/protocol', 'sodium-native']],
  ['packages/crypto/src/e2ee/mls/probe.ts', ['@securechat/protocol', 'ts-mls/clientState.js', '../bytes.ts']],
  ['packages/crypto/src/probe.test.ts', ['ts-mls/keyPackage.js', './e2ee/index.ts']],
  ['packages/directory/src/probe.ts', ['@securechat/protocol', '@securechat/kernel']],
  ['packages/testkit/src/probe.ts', ['@securechat/protocol', '@securechat/embedded']],
  ['packages/client/src/probe.ts', ['@securechat/protocol', '@securechat/crypto/e2ee']],
  ['packages/client/src/node/probe.ts', ['node:net', '@securechat/protocol']],
  ['packages/client/src/probe.test.ts', ['node:fs', '@securechat/testkit']],
  ['apps/web/src/probe.ts', ['@securechat/client', '@securechat/client/files', 'preact']],
  [
    'apps/cli/src/probe.ts',
    ['node:fs', 'ink', '@securechat/client', '@securechat/client/files', '@securechat/client/node'],
  ],
  ['apps/cli/src/commands/frame.ts', ['@securechat/protocol']],
  ['apps/cli/src/admin/api/probe.ts', ['node:fs', '@securechat/protocol']],
  ['services/auth/src/probe.ts', ['@securechat/protocol/internal', '@securechat/crypto/key-package']],
  ['services/auth/src/probe.test.ts', ['@securechat/testkit', '@securechat/kernel/testing']],
  ['tests/probe.test.ts', ['@securechat/testkit', '@securechat/protocol', '@securechat/crypto/sign']],
  ['tests/probe.test.ts', ['@securechat/protocol/disclosure']],
  ['tests/client/probe.test.ts', ['@securechat/client/node', '@securechat/client/testing']],
];

const forbidden: [string, string[]][] = [
  ['packages/protocol/src/probe.ts', ['@securechat/kernel', 'node:fs', 'node:fs/promises']],
  ['packages/kernel/src/probe.ts', ['@securechat/protocol', '../../protocol/src/index.ts']],
  ['packages/crypto/src/probe.ts', ['@securechat/kernel', 'ts-mls', '@hpke/core', './e2ee/index.ts']],
  ['packages/crypto/src/e2ee/probe.ts', ['@securechat/kernel', 'node:crypto', 'sodium-native', '../sign.ts']],
  ['packages/crypto/src/e2ee/mls/probe.ts', ['@securechat/protocol/internal', '../../key-package.ts']],
  ['packages/directory/src/probe.ts', ['@securechat/crypto/sign', '@securechat/testkit']],
  ['packages/testkit/src/probe.ts', ['@securechat/auth', '../../../services/auth/src/main.ts']],
  ['packages/client/src/probe.ts', ['node:fs', '@securechat/kernel', '@securechat/crypto/sign']],
  ['packages/client/src/probe.ts', ['@securechat/protocol/internal', '@securechat/protocol/disclosure']],
  ['packages/client/src/node/probe.ts', ['@securechat/kernel', '@securechat/crypto/sign']],
  ['apps/web/src/probe.ts', ['@securechat/protocol', '@securechat/crypto/e2ee', '@securechat/client/node']],
  [
    'apps/cli/src/probe.ts',
    ['@securechat/protocol', '@securechat/crypto/e2ee', '@securechat/client/testing'],
  ],
  ['apps/cli/src/admin/probe.ts', ['@securechat/client', '@securechat/auth', '@securechat/kernel']],
  ['services/auth/src/probe.ts', ['@securechat/crypto', '@securechat/crypto/e2ee', '@securechat/testkit']],
  [
    'services/auth/src/probe.ts',
    ['ts-mls', 'ts-mls/keyPackage.js', '@hpke/core', '@securechat/crypto/testing'],
  ],
  ['services/auth/src/probe.ts', ['@securechat/client', '../../delivery/src/main.ts']],
  ['tests/probe.test.ts', ['@securechat/kernel', '@securechat/crypto/e2ee', '../services/auth/src/main.ts']],
];

/** Runs the rules on one file per import, in a folder with our layout: "file imports name". */
function refusedImports(): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'securechat-boundaries-'));
  try {
    for (const config of ['biome.json', '.gitignore']) copyFileSync(join(ROOT, config), join(folder, config));
    const probes = [...allowed, ...forbidden].flatMap(([file, imports]) =>
      imports.map((name) => ({ file, name })),
    );
    probes.forEach(({ file, name }, index) => {
      const path = join(folder, file.replace('probe', `probe-${index}`));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `import { part } from '${name}';\nexport const probe = part;\n`);
    });
    const command = [toolPath('@biomejs/biome', 'biome'), 'lint', '--only=style/noRestrictedImports'];
    const report = spawnSync(process.execPath, [...command, '--reporter=github', '--max-diagnostics=none'], {
      cwd: folder,
      encoding: 'utf8',
    }).stdout;
    return probes
      .filter((_, index) => report.includes(`probe-${index}.`))
      .map(({ file, name }) => `${file} imports ${name}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('exactly the imports across a boundary are refused', () => {
  const expected = forbidden.flatMap(([file, imports]) => imports.map((name) => `${file} imports ${name}`));
  expect(refusedImports()).toEqual(expected);
});

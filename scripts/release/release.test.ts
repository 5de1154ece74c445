import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { ROOT } from '../tools.ts';
import { writeChecksums } from './checksums.ts';
import { IMAGES } from './images.ts';
import { readManifest, rootVersion } from './manifest.ts';
import { kustomization } from './manifests.ts';
import { publishedManifest } from './sdk.ts';

type Kustomization = { images: { name: string; newName: string; newTag: string }[] };

test('the manifests of a release replace every image of the production overlay', () => {
  const overlay = readFileSync(join(ROOT, 'infra/k8s/overlays/production/kustomization.yaml'), 'utf8');
  const produced = (parse(overlay) as Kustomization).images.map(({ newName }) => newName);
  const { images } = parse(kustomization('registry.test/chat', '1.2.3')) as Kustomization;
  expect(images.map(({ name }) => name).sort()).toEqual(produced.sort());
  expect(images.map(({ newName }) => newName)).toEqual(IMAGES.map((image) => `registry.test/chat/${image}`));
  expect(new Set(images.map(({ newTag }) => newTag))).toEqual(new Set(['1.2.3']));
});

test('an app that installs the SDK gets the version of the release and nothing of the workspace', () => {
  const published = publishedManifest(readManifest('packages/client'), rootVersion());
  const text = JSON.stringify(published);
  expect(published).toMatchObject({
    ...{ name: '@securechat/client', version: rootVersion(), engines: { node: '>=24' } },
    peerDependenciesMeta: { 'node-datachannel': { optional: true } },
  });
  // npm would install them without being asked
  expect(published).not.toHaveProperty('dependencies');
  expect(published).not.toHaveProperty('optionalDependencies');
  expect(text).not.toContain('workspace:');
  expect(text).not.toContain('./src/');
  expect(text).not.toContain('"private"');
});

test('checksums are those that sha256sum checks, and a changed file is noticed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'securechat-sums-'));
  try {
    mkdirSync(join(folder, 'k8s'));
    writeFileSync(join(folder, 'a.txt'), 'one');
    writeFileSync(join(folder, 'k8s', 'b.txt'), 'two');
    expect(writeChecksums(folder)).toBe(2);
    const check = () => spawnSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: folder }).status;
    expect(check()).toBe(0);
    writeFileSync(join(folder, 'k8s', 'b.txt'), 'three');
    expect(check()).toBe(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

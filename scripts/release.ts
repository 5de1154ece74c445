// npm run release: writes this version's artefacts to the folder release: the SDK as a tarball, images where a container engine answers,
// a bill of materials (CycloneDX), manifests that name the registry, checksums. SECURECHAT_REGISTRY names the registry, as for the
// compose file; with --push the images are pushed there.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readOrEnd } from './read-or-end.ts';
import { buildBillOfMaterials } from './release/bill-of-materials.ts';
import { writeChecksums } from './release/checksums.ts';
import { buildImages, IMAGES } from './release/images.ts';
import { rootVersion } from './release/manifest.ts';
import { kustomization } from './release/manifests.ts';
import { packSdk } from './release/sdk.ts';
import { ROOT } from './tools.ts';

const FOLDER = join(ROOT, 'release');
const say = (line: string): void => console.log(`[release] ${line}`);

const USAGE = `Usage: [SECURECHAT_REGISTRY=registry.example.org/team] npm run release [-- --push]
--push sends the images to that registry.`;

const { shouldPush } = readOrEnd(USAGE, () => {
  const known = { push: { type: 'boolean', default: false }, help: { type: 'boolean' } } as const;
  const { values } = parseArgs({ options: known });
  if (values.help) return undefined;
  if (values.push && process.env.SECURECHAT_REGISTRY === undefined)
    throw new Error('--push needs SECURECHAT_REGISTRY: where to?');
  return { shouldPush: values.push };
});
const version = rootVersion();
const registry = process.env.SECURECHAT_REGISTRY ?? 'securechat';

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(join(FOLDER, 'k8s'), { recursive: true });
say(`${version}, for ${registry}`);
say(`SDK: ${await packSdk(FOLDER, version)}`);
say(`bill of materials: ${buildBillOfMaterials(FOLDER, version)}`);
writeFileSync(join(FOLDER, 'k8s', 'kustomization.yaml'), kustomization(registry, version));
writeFileSync(
  join(FOLDER, 'compose.env'),
  `SECURECHAT_REGISTRY=${registry}\nSECURECHAT_VERSION=${version}\n`,
);
const fault = buildImages({ registry, version, folder: FOLDER, shouldPush, say });
say(fault === undefined ? `images: ${IMAGES.join(', ')}` : `NO IMAGES: ${fault}`);
say(`${writeChecksums(FOLDER)} files, with SHA256SUMS, in ${FOLDER}`);
if (fault !== undefined && shouldPush) process.exitCode = 1;

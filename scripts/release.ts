// npm run release: what is handed out of this version, in the folder release: the SDK as a tarball, images where an engine answers, a bill of materials
// (CycloneDX), manifests that name the registry, checksums. SECURECHAT_REGISTRY names the registry, as for the compose file; with --push the images go there.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildBillOfMaterials } from './release/bill-of-materials.ts';
import { writeChecksums } from './release/checksums.ts';
import { buildImages, IMAGES } from './release/images.ts';
import { rootVersion } from './release/manifest.ts';
import { kustomization } from './release/manifests.ts';
import { packSdk } from './release/sdk.ts';
import { ROOT } from './tools.ts';

const FOLDER = join(ROOT, 'release');
const say = (line: string): void => console.log(`[release] ${line}`);

const { values } = parseArgs({ options: { push: { type: 'boolean', default: false } } });
const version = rootVersion();
const registry = process.env.SECURECHAT_REGISTRY ?? 'securechat';
if (values.push && process.env.SECURECHAT_REGISTRY === undefined)
  throw new Error('--push needs SECURECHAT_REGISTRY: where to?');

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
const fault = buildImages({ registry, version, folder: FOLDER, shouldPush: values.push, say });
say(fault === undefined ? `images: ${IMAGES.join(', ')}` : `NO IMAGES: ${fault}`);
say(`${writeChecksums(FOLDER)} files, with SHA256SUMS, in ${FOLDER}`);
if (fault !== undefined && values.push) process.exitCode = 1;

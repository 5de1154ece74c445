// npm run k8s:check: checks the manifests against the API's own types, the restricted pod security standard, and the services. Needs no
// cluster; with kubectl or kustomize on PATH it also checks the overlays as applied, otherwise only the files.
import { agreementFindings, isService } from './k8s/agreement.ts';
import { completenessFindings } from './k8s/completeness.ts';
import { objectsInFiles, objectsOfBase, renderedOverlays, renderedRelay } from './k8s/documents.ts';
import { podFindings } from './k8s/pods.ts';
import { typeFindings } from './k8s/types.ts';

const files = objectsInFiles();
const rendered = renderedOverlays();
const all = [...files, ...rendered.flatMap(({ objects }) => objects), ...renderedRelay()];
const findings = [
  ...(await typeFindings(all)),
  ...all.flatMap(podFindings),
  ...agreementFindings(objectsOfBase()),
  ...rendered.flatMap(({ objects }) => agreementFindings(objects)),
  ...completenessFindings(),
];
for (const finding of findings) console.error(finding);
const deployed = files.filter(({ kind, metadata }) => kind === 'Deployment' && isService(metadata.name));
const places = ['files', ...rendered.map(({ name }) => name)].join(', ');
console.log(`${all.length} objects (${places}) of ${deployed.length} services: ${findings.length} findings`);
if (rendered.length === 0) {
  console.log(
    'The overlays were NOT rendered, only the base was checked against the services: neither kubectl nor kustomize is on PATH.',
  );
}
process.exitCode = findings.length === 0 ? 0 : 1;

import { IMAGES } from './images.ts';

/** The production overlay with this release's images; kustomize has no variables, so the release writes them out. */
export function kustomization(registry: string, version: string): string {
  return `# Made by npm run release: kubectl apply -k release/k8s, with your own copy of the production overlay in the place of this one.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - ../../infra/k8s/overlays/production
images:
${IMAGES.map((image) => `  - { name: registry.example.com/securechat/${image}, newName: ${registry}/${image}, newTag: ${version} }`).join('\n')}
`;
}

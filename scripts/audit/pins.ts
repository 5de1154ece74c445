import { parse } from 'yaml';

const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;
type Manifest = { name?: string } & Partial<Record<(typeof KINDS)[number], Record<string, string>>>;
type Lockfile = { packages: Record<string, { resolution: { integrity?: string; tarball?: string } }> };

/** A version range would install something nobody has reviewed. Peer ranges are for whoever installs the SDK. */
export function rangeFaults(manifest: Manifest): string[] {
  return KINDS.filter((kind) => kind !== 'peerDependencies').flatMap((kind) =>
    Object.entries(manifest[kind] ?? {})
      .filter(([, version]) => version !== 'workspace:*' && !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
      .map(([name, version]) => `${manifest.name}: ${name} is not pinned (${version})`),
  );
}

/** Only reviewed packages are installed: from the registry, by hash. */
export function lockFaults(lockfile: string): string[] {
  const { packages } = parse(lockfile) as Lockfile;
  return Object.entries(packages)
    .filter(([, { resolution }]) => !resolution.integrity?.startsWith('sha512-') || resolution.tarball)
    .map(([name]) => `${name} is not locked by the hash of a package of the registry`);
}

/**
 * Redis keys of the directory. Losing them costs a moment: gateways notice and register again.
 *
 * `…:{u.N}:routes`  hash, user number → JSON list of that user's connections, N by user number
 * `…:{u.N}:files:USER`  when a user's transfers of files are even again; see file-budget.ts
 * `…:gateways`      sorted set, gateway id → time of its last heartbeat (Redis clock, ms)
 * `…:revoked`       sorted set, devices that are not served any more; see revocation-set.ts
 */
export type DirectoryKeys = {
  routes(user: number): string;
  fileBudget(user: number): string;
  gateways: string;
  revoked: string;
};

export function directoryKeys(prefix: string, shards: number): DirectoryKeys {
  return {
    routes: (user) => `${prefix}:{u.${user % shards}}:routes`,
    fileBudget: (user) => `${prefix}:{u.${user % shards}}:files:${user}`,
    gateways: `${prefix}:gateways`,
    revoked: `${prefix}:revoked`,
  };
}

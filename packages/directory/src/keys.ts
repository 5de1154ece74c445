/**
 * Redis keys of the directory. Losing them causes a brief gap: gateways notice and register again.
 *
 * `…:{u.N}:routes`  hash, user number → JSON list of that user's connections, N by user number
 * `…:{u.N}:files:USER`  when a user's file transfers are even again; see file-budget.ts
 * `…:{u.N}:rate:USER`, `…:group-operations:USER`, `…:group-commits:USER`, `…:conversations:USER`  what gateways count
 *                   per user; see counts.ts
 * `…:{limits}:SERVICE`  the limits that a service's processes enforce; see limits-in-force.ts
 * `…:gateways`      sorted set, gateway id → time of its last heartbeat (Redis clock, ms)
 * `…:revoked`       sorted set, devices that are no longer served; see revocation-set.ts
 */
export type DirectoryKeys = {
  routes(user: number): string;
  fileBudget(user: number): string;
  messages(user: number): string;
  groupOperations(user: number): string;
  groupCommits(user: number): string;
  conversations(user: number): string;
  limits(service: string): string;
  gateways: string;
  revoked: string;
};

export function directoryKeys(prefix: string, shards: number): DirectoryKeys {
  const ofUser = (user: number, what: string): string => `${prefix}:{u.${user % shards}}:${what}`;
  return {
    routes: (user) => ofUser(user, 'routes'),
    fileBudget: (user) => ofUser(user, `files:${user}`),
    messages: (user) => ofUser(user, `rate:${user}`),
    groupOperations: (user) => ofUser(user, `group-operations:${user}`),
    groupCommits: (user) => ofUser(user, `group-commits:${user}`),
    conversations: (user) => ofUser(user, `conversations:${user}`),
    limits: (service) => `${prefix}:{limits}:${service}`,
    gateways: `${prefix}:gateways`,
    revoked: `${prefix}:revoked`,
  };
}

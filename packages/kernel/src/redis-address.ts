/** One server, as a URL, or the nodes by which a cluster is found. */
export type RedisAddress =
  | { kind: 'server'; url: string }
  | { kind: 'cluster'; nodes: readonly RedisNode[]; login: RedisLogin };

export type RedisNode = { host: string; port: number };

/** The same at every node: a cluster tells of its nodes by host and port alone. */
export type RedisLogin = { username?: string; password?: string; tls?: Record<string, never> };

const DEFAULT_PORT = 6379;

/** Schemes of REDIS_URL; TLS is the second of each. */
export const redisProtocols = ['redis:', 'rediss:', 'redis+cluster:', 'rediss+cluster:'] as const;

/**
 * Reads `redis://host:port/database` or `redis+cluster://user:password@host:port,host:port,…`. Throws a TypeError that
 * completes "must be …".
 */
export function parseRedisUrl(text: string): RedisAddress {
  const [, scheme, login = '', hosts = '', path = ''] =
    /^([a-z+]+:)\/\/((?:[^@/?#]*@)?)([^/?#]*)(.*)$/.exec(text) ?? [];
  const protocol = redisProtocols.find((known) => known === scheme);
  const plain = protocol?.replace('+cluster', '');
  const urls = hosts.split(',').map((host) => `${plain}//${login}${host}${path}`);
  if (!protocol || !urls.every((url) => URL.canParse(url))) {
    throw new TypeError(`a ${redisProtocols.map((known) => `${known}//`).join(' or ')} URL`);
  }
  if (plain === protocol) {
    if (urls.length > 1) throw new TypeError('one host, or a redis+cluster:// URL');
    return { kind: 'server', url: text };
  }
  const nodes = urls.map((url) => nodeOf(new URL(url)));
  if (nodes.some(({ host }) => host === '')) throw new TypeError('hosts separated by commas');
  if (path !== '' && path !== '/') throw new TypeError('a URL without a database: a cluster has only one');
  return { kind: 'cluster', nodes, login: loginOf(new URL(urls[0] ?? '')) };
}

/** ioredis wants an IPv6 address without its brackets. */
function nodeOf({ hostname, port }: URL): RedisNode {
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? DEFAULT_PORT : Number(port) };
}

function loginOf({ username, password, protocol }: URL): RedisLogin {
  return {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

/** What decides the slot of a key in a cluster: the first part in braces, or all of it when there is none or it is empty. */
export function slotTagOf(key: string): string {
  return /^[^{]*\{([^}]+)\}/.exec(key)?.[1] ?? key;
}

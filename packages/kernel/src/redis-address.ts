/** One server, as a URL; the Sentinels that know it, and their name for it; or the nodes by which a cluster is found. */
export type RedisAddress =
  | { kind: 'server'; url: string }
  | {
      kind: 'sentinel';
      nodes: readonly RedisNode[];
      name: string;
      login: RedisLogin;
      sentinelPassword: string | undefined;
    }
  | { kind: 'cluster'; nodes: readonly RedisNode[]; login: RedisLogin };

export type RedisNode = { host: string; port: number };

/** The same on every node: a cluster announces its nodes by host and port only. */
type RedisLogin = { username?: string; password?: string; tls?: Record<string, never> };

const DEFAULT_PORT = 6379;
const DEFAULT_SENTINEL_PORT = 26_379;

/** Schemes of REDIS_URL; the second of each pair uses TLS. */
export const redisProtocols = [
  'redis:',
  'rediss:',
  'redis+cluster:',
  'rediss+cluster:',
  'redis+sentinel:',
  'rediss+sentinel:',
] as const;

/**
 * Reads `redis://host:port/database`, `redis+cluster://user:password@host:port,host:port,…` or
 * `redis+sentinel://user:password@host:port,host:port,…/name?sentinelPassword=…`. Throws a TypeError that completes
 * "must be …".
 */
export function parseRedisUrl(text: string): RedisAddress {
  const [, scheme, login = '', hosts = '', path = ''] =
    /^([a-z+]+:)\/\/((?:[^@/?#]*@)?)([^/?#]*)(.*)$/.exec(text) ?? [];
  const protocol = redisProtocols.find((known) => known === scheme);
  const plain = protocol?.replace(/\+(cluster|sentinel)/, '');
  const urls = hosts.split(',').map((host) => `${plain}//${login}${host}${path}`);
  if (!protocol || !urls.every((url) => URL.canParse(url))) {
    throw new TypeError(`a ${redisProtocols.map((known) => `${known}//`).join(' or ')} URL`);
  }
  if (plain === protocol) {
    if (urls.length > 1) throw new TypeError('one host, or a redis+cluster:// or redis+sentinel:// URL');
    return { kind: 'server', url: text };
  }
  const isSentinel = protocol.endsWith('+sentinel:');
  const nodes = urls.map((url) => nodeOf(new URL(url), isSentinel ? DEFAULT_SENTINEL_PORT : DEFAULT_PORT));
  if (nodes.some(({ host }) => host === '')) throw new TypeError('hosts separated by commas');
  const first = new URL(urls[0] ?? '');
  if (isSentinel) return sentinelOf(nodes, first);
  if (path !== '' && path !== '/') throw new TypeError('a URL without a database: a cluster has only one');
  return { kind: 'cluster', nodes, login: loginOf(first) };
}

function sentinelOf(nodes: readonly RedisNode[], url: URL): RedisAddress {
  const name = decodeURIComponent(url.pathname.slice(1));
  if (!/^[\w.-]+$/.test(name))
    throw new TypeError(
      'a URL with the name of the master behind the hosts, such as redis+sentinel://one,two/chat',
    );
  const sentinelPassword = url.searchParams.get('sentinelPassword') ?? undefined;
  return { kind: 'sentinel', nodes, name, login: loginOf(url), sentinelPassword };
}

/** ioredis expects an IPv6 address without its brackets. */
function nodeOf({ hostname, port }: URL, defaultPort: number): RedisNode {
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? defaultPort : Number(port) };
}

function loginOf({ username, password, protocol }: URL): RedisLogin {
  return {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

/** What decides a key's cluster slot: the first part in braces, or the whole key when there is none or it is empty. */
export function slotTagOf(key: string): string {
  return /^[^{]*\{([^}]+)\}/.exec(key)?.[1] ?? key;
}

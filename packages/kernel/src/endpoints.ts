import { isIP } from 'node:net';
import { createNetworkMatcher } from './networks.ts';

/** IPv4 ranges that are not public (IANA's special-purpose registry). */
const NOT_PUBLIC_V4 = createNetworkMatcher([
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...[
    '192.0.0.0/24',
    '192.0.2.0/24',
    '192.31.196.0/24',
    '192.52.193.0/24',
    '192.88.99.0/24',
    '192.168.0.0/16',
  ],
  ...['192.175.48.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
]);
/** The only IPv6 range allocated to the public, minus the parts that embed other addresses or stand for none. */
const PUBLIC_V6 = createNetworkMatcher(['2000::/3']);
const NOT_PUBLIC_V6 = createNetworkMatcher([
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '2620:4f:8000::/48',
]);

export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !NOT_PUBLIC_V4(address);
  return isIP(address) === 6 && PUBLIC_V6(address) && !NOT_PUBLIC_V6(address);
}

/** An origin as `URL` serialises it. */
export function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text;
}

export type Endpoints = {
  /** Whether someone else may name this URL; says nothing about what its host resolves to. */
  isAcceptable(url: string): boolean;
  /** Whether it may have any address and speak plain HTTP, because the operator has named it. */
  isTrusted(url: URL): boolean;
};

/**
 * Endpoints are chosen by others, so none may lead into this service's own network. Those that anyone may choose must
 * have the `usual` port of HTTPS, so that they cannot be used to probe other people's services.
 */
export function createEndpoints(
  allowedOrigins: readonly string[],
  ports: 'any' | 'usual' = 'any',
): Endpoints {
  const isTrusted = (url: URL): boolean => allowedOrigins.includes(url.origin);
  return {
    isTrusted,
    isAcceptable(text) {
      if (!URL.canParse(text)) return false;
      const url = new URL(text);
      if (url.username !== '' || url.password !== '') return false;
      if (isTrusted(url)) return true;
      if (ports === 'usual' && url.port !== '') return false;
      const host = hostOf(url);
      return url.protocol === 'https:' && (isIP(host) === 0 || isPublicAddress(host));
    },
  };
}

/** Without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

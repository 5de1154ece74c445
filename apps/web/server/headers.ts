/** Where the page may connect to: the server's HTTP door, its WebSocket, and where its files are, if that is another origin. */
export type Doors = { http: string; socket: string; files?: string };

/**
 * What a browser must be told with every file. Scripts and styles come from the page's own origin and from nowhere else,
 * nothing is made from text, nothing frames the page, and it connects only to its server.
 */
export function pageHeaders({ http, socket, files }: Doors): Record<string, string> {
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      // pictures come out of encrypted messages and files, as blobs
      "img-src 'self' blob:",
      `connect-src 'self' ${originsOf([http, socket, files ?? http])}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      // the one address that becomes a worker; no other way from text to code
      'trusted-types securechat-worker',
    ].join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
}

/** Each once. `URL.origin` is "null" for addresses of sockets in some engines. */
function originsOf(addresses: readonly string[]): string {
  const origins = addresses.map((address) => {
    const { protocol, host } = new URL(address);
    return `${protocol}//${host}`;
  });
  return [...new Set(origins)].join(' ');
}

/** Files whose names carry a hash never change; the others say which of them count, and are asked for each time. */
export function cacheHeader(name: string): string {
  return /-[A-Z0-9]{8}\.(?:js|css)$/.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache';
}

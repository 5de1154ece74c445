/** Where the page may connect to: the HTTP address, the WebSocket, and the files' origin if that differs. */
export type Doors = { http: string; socket: string; files?: string };

/**
 * Security headers for every file. Scripts and styles come only from the page's own origin, no text is evaluated as code, nobody may
 * frame the page, and it connects only to its server.
 */
export function pageHeaders({ http, socket, files }: Doors): Record<string, string> {
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      // pictures from encrypted messages and files are blobs
      "img-src 'self' blob:",
      `connect-src 'self' ${originsOf([http, socket, files ?? http])}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      // the only address that may become a worker; no other text may become code
      'trusted-types securechat-worker',
    ].join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
}

/** Without duplicates. In some engines `URL.origin` is "null" for socket addresses. */
function originsOf(addresses: readonly string[]): string {
  const origins = addresses.map((address) => {
    const { protocol, host } = new URL(address);
    return `${protocol}//${host}`;
  });
  return [...new Set(origins)].join(' ');
}

/** Files with a hash in their name never change; the others refer to them, and are revalidated each time. */
export function cacheHeader(name: string): string {
  return /-[A-Z0-9]{8}\.(?:js|css)$/.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache';
}

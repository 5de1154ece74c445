/** Where the page may connect to, as origins: the server's HTTP door and its WebSocket. */
export type Doors = { http: string; socket: string };

/**
 * What a browser must be told with every file. Scripts and styles come from the page's own origin and from nowhere else,
 * nothing is made from text, nothing frames the page, and it connects only to its server.
 */
export function pageHeaders({ http, socket }: Doors): Record<string, string> {
  return {
    'content-security-policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      // pictures of people come out of encrypted messages, as blobs
      "img-src 'self' blob:",
      `connect-src 'self' ${originOf(http)} ${originOf(socket)}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ].join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  };
}

function originOf(address: string): string {
  const { protocol, host } = new URL(address);
  return `${protocol}//${host}`;
}

/** Files whose names carry a hash never change; the others say which of them count, and are asked for each time. */
export function cacheHeader(name: string): string {
  return /-[A-Z0-9]{8}\.(?:js|css)$/.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache';
}

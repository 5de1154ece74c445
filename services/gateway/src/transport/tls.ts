import { readFileSync } from 'node:fs';
import type { SecureContextOptions, TlsOptions } from 'node:tls';

/** ALPN name of the frames on a bare TLS stream. */
export const ALPN = 'scht/1';

/** TLS 1.3 and nothing older; undefined when the gateway stands behind a proxy that terminates TLS. */
export function readTls(certFile: string | undefined, keyFile: string | undefined): TlsOptions | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) {
    throw new Error(
      'GATEWAY_TLS_CERT_FILE and GATEWAY_TLS_KEY_FILE are only of use together: set both or neither',
    );
  }
  const context: SecureContextOptions = {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    minVersion: 'TLSv1.3',
  };
  return context;
}

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { ConfigError, isError, type Logger } from '@securechat/kernel';

/** ALPN name of the frames on a bare TLS stream. */
export const ALPN = 'scht/1';

export type Certificate = {
  /** The doors' initial certificate. */
  readonly options: SecureContextOptions;
  /** Seconds since 1970. */
  expiresAt(): number;
  /** Checks the files every `everyMs` from now on; `renew` gets each new pair that matches. */
  watch(renew: (options: SecureContextOptions) => void): void;
  stop(): void;
};

/**
 * The certificate of both doors; undefined when a proxy terminates TLS. Compares the files' contents, not their
 * times: in Kubernetes they are links to links, which are swapped as a whole. A pair that cannot be read or does not
 * match changes nothing, and is tried again once it has changed.
 */
export function openCertificate(parts: {
  certFile: string | undefined;
  keyFile: string | undefined;
  everyMs: number;
  onReload: (outcome: 'done' | 'failed') => void;
  logger: Logger;
}): Certificate | undefined {
  const { certFile, keyFile, everyMs, onReload, logger } = parts;
  if (certFile === undefined || keyFile === undefined) return undefined;
  const read = (): Pair => ({ cert: readFileSync(certFile), key: readFileSync(keyFile) });
  let inUse = loadFirst(read);
  let failed: Pair | 'unreadable' | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** Once per pair: the files may stay as they are for days. */
  function fail(what: Pair | 'unreadable', err: unknown): void {
    if (isSame(what, failed)) return;
    failed = what;
    onReload('failed');
    logger.error({ reason: reasonOf(err) }, 'TLS certificate not reloaded; the one in use stays');
  }

  function look(renew: (options: SecureContextOptions) => void): void {
    let pair: Pair | undefined;
    try {
      pair = read();
      if (isSame(pair, inUse.options) || isSame(pair, failed)) return;
      inUse = load(pair);
      failed = undefined;
    } catch (err) {
      return fail(pair ?? 'unreadable', err);
    }
    renew(inUse.options);
    onReload('done');
    logger.info({ expiresAt: inUse.expiresAt }, 'TLS certificate reloaded');
  }

  return {
    options: inUse.options,
    expiresAt: () => inUse.expiresAt,
    watch(renew) {
      timer = setInterval(() => look(renew), everyMs);
    },
    stop: () => clearInterval(timer),
  };
}

type Pair = { cert: Buffer; key: Buffer };

/** TLS 1.3 and nothing older. Throws for a pair that does not match. */
function load(pair: Pair): { options: SecureContextOptions & Pair; expiresAt: number } {
  const options = { ...pair, minVersion: 'TLSv1.3' } as const;
  createSecureContext(options);
  const expiresAt = Math.floor(Date.parse(new X509Certificate(pair.cert).validTo) / 1000);
  return { options, expiresAt };
}

/** Throws a ConfigError. */
function loadFirst(read: () => Pair): ReturnType<typeof load> {
  try {
    return load(read());
  } catch (error) {
    throw new ConfigError([
      `GATEWAY_TLS_CERT_FILE and GATEWAY_TLS_KEY_FILE cannot be used (${reasonOf(error)}): they name a certificate chain and its private key, both PEM and readable.`,
    ]);
  }
}

function isSame(one: Pair | 'unreadable', other: Pair | 'unreadable' | undefined): boolean {
  if (typeof one === 'string' || typeof other !== 'object') return one === other;
  return one.cert.equals(other.cert) && one.key.equals(other.key);
}

/** Only the code: a parser's message may quote what it could not parse. */
function reasonOf(err: unknown): string {
  return isError(err) && 'code' in err ? String(err.code) : 'unknown';
}

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** An Ed25519 seed. */
const SERVICE_KEY_BYTES = 32;

/**
 * The key that clients pin, as base64. Made at the first start and kept: with a new one every client would take
 * this server for another.
 */
export function ensureServiceKey(file: string): string {
  if (process.env.AUTH_SERVICE_KEY) return process.env.AUTH_SERVICE_KEY;
  if (!existsSync(file)) {
    const fresh = { authServiceKey: randomBytes(SERVICE_KEY_BYTES).toString('base64') };
    writeFileSync(file, `${JSON.stringify(fresh, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  }
  const { authServiceKey } = JSON.parse(readFileSync(file, 'utf8')) as { authServiceKey?: string };
  if (Buffer.from(authServiceKey ?? '', 'base64').length !== SERVICE_KEY_BYTES) {
    throw new Error(
      `${file} holds no authServiceKey of ${SERVICE_KEY_BYTES} bytes: restore it, or remove the file.`,
    );
  }
  return authServiceKey as string;
}

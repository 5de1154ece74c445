import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

/** An Ed25519 seed. */
const SERVICE_KEY_BYTES = 32;
const ADMIN_TOKEN_BYTES = 32;
/** A private key of P-256: any number below its order, which excludes only 2⁻³² of all. */
const VAPID_KEY_BYTES = 32;

export type StackSecrets = {
  /** The key that clients pin, base64: with a new one every client would take this server for a different one. */
  serviceKey: string;
  /** Gives access to the admin API. */
  adminToken: string;
  /** Identifies this deployment to push services, base64url: with a new one browsers would have to subscribe again. */
  vapidPrivateKey: string;
};

/** Created at the first start and kept; the environment takes precedence. */
export function ensureSecrets(file: string): StackSecrets {
  const kept: KeptSecrets = existsSync(file) ? readSecrets(file) : {};
  const secrets = {
    authServiceKey: kept.authServiceKey ?? randomBytes(SERVICE_KEY_BYTES).toString('base64'),
    authAdminToken: kept.authAdminToken ?? randomBytes(ADMIN_TOKEN_BYTES).toString('base64url'),
    pushVapidPrivateKey: kept.pushVapidPrivateKey ?? randomBytes(VAPID_KEY_BYTES).toString('base64url'),
  };
  if (Buffer.from(secrets.authServiceKey, 'base64').length !== SERVICE_KEY_BYTES) {
    throw new Error(
      `${file} holds no authServiceKey of ${SERVICE_KEY_BYTES} bytes: restore it, or remove the file.`,
    );
  }
  if (Object.keys(secrets).some((name) => !(name in kept))) save(file, secrets);
  return {
    serviceKey: process.env.AUTH_SERVICE_KEY || secrets.authServiceKey,
    adminToken: process.env.AUTH_ADMIN_TOKEN || secrets.authAdminToken,
    vapidPrivateKey: process.env.PUSH_VAPID_PRIVATE_KEY || secrets.pushVapidPrivateKey,
  };
}

type KeptSecrets = { authServiceKey?: string; authAdminToken?: string; pushVapidPrivateKey?: string };

/** A file without the key is not ours, or broken: no new key may replace it. */
function readSecrets(file: string): KeptSecrets {
  const { authServiceKey = '', ...others } = JSON.parse(readFileSync(file, 'utf8')) as KeptSecrets;
  return { authServiceKey, ...others };
}

/** Renamed into place, because a key lost half-way is lost for good. */
function save(file: string, secrets: object): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(draft, file);
}

import { connect } from 'node:net';
import { type Finding, lookAt, pendingMigrations } from '@securechat/kernel';
import type { Pool } from 'pg';
import { migrations } from '../migrations/index.ts';
import { isPublicKey, vapidPublicKey } from '../send/web-push.ts';

/** The push services of most browsers; all of them listen on TCP 443. */
const PUSH_SERVICES = ['fcm.googleapis.com', 'updates.push.services.mozilla.com', 'web.push.apple.com'];
const CONNECT_MS = 5_000;
/** The default contact in the compose file and `npm start`. */
const PLACEHOLDER = /@example\.(com|org|net)$/;

export type PushParts = {
  pool: Pool;
  vapidPrivateKey: string;
  contact: string;
  bridgeUrl: string | undefined;
  /** Hosts that must be reachable; by default the browsers' push services. */
  pushServices?: readonly { host: string; port: number }[];
};

export async function lookAtPush(parts: PushParts): Promise<Finding[]> {
  const { pool, bridgeUrl, pushServices = PUSH_SERVICES.map((host) => ({ host, port: 443 })) } = parts;
  const bridge = bridgeUrl === undefined ? [] : [new URL(bridgeUrl)];
  const ways = [
    ...pushServices,
    ...bridge.map(({ hostname: host, port, protocol }) => ({
      host,
      port: Number(port || (protocol === 'https:' ? 443 : 80)),
    })),
  ];
  const findings = await Promise.all([
    lookAt('Postgres', 'Is it running, and POSTGRES_URL right?', async () => [await lookAtMigrations(pool)]),
    judgeKey(parts.vapidPrivateKey),
    judgeContact(parts.contact),
    ...ways.map(lookAtWay),
  ]);
  return findings.flat();
}

async function lookAtMigrations(pool: Pool): Promise<Finding> {
  const pending = await pendingMigrations(pool, 'push', migrations);
  const about = 'migrations of push';
  if (pending.length === 0) return { about, says: 'all applied' };
  return {
    about,
    says: `not applied: ${pending.join(', ')}`,
    remedy: 'Run: node services/push/src/migrate.ts',
  };
}

/** The public key is what browsers have subscribed for. */
export function judgeKey(privateKey: string): Finding {
  const about = 'VAPID key';
  try {
    const key = vapidPublicKey(privateKey);
    if (isPublicKey(key)) return { about, says: `browsers know it as ${key.toString('base64url')}` };
  } catch {
    // reported below, without the key
  }
  return {
    about,
    says: 'is no private key of P-256',
    remedy: 'Put back the one that there was; with another one every browser has to subscribe anew.',
  };
}

export function judgeContact(contact: string): Finding {
  const about = 'PUSH_CONTACT';
  if (!PLACEHOLDER.test(contact)) return { about, says: contact };
  return {
    about,
    says: `${contact} is nobody’s`,
    remedy: 'Name an address that is read: some push services refuse a contact that cannot be.',
  };
}

/** Whether a connection can be made; nothing is sent on it. */
async function lookAtWay({ host, port }: { host: string; port: number }): Promise<Finding> {
  const about = `the way to ${host}:${port}`;
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect({ host, port, timeout: CONNECT_MS });
  socket.once('connect', () => resolve(undefined));
  socket.once('timeout', () => resolve(`no connection within ${CONNECT_MS / 1000} s`));
  socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  const failure = await promise;
  socket.destroy();
  if (failure === undefined) return { about, says: 'is open' };
  return {
    about,
    says: failure,
    remedy: 'Let push processes out to TCP 443, and look up names; or leave it, when nobody is woken there.',
  };
}

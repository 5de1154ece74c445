import { createECDH, createPublicKey, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decryptPush, type PushKeys } from './push-encryption.ts';

/** A push request, decrypted as the device would. */
export type ReceivedPush = {
  atMs: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  content: string;
  /** The verified sender, from its VAPID token. */
  vapid: { publicKey: Buffer; claims: { aud: string; exp: number; sub: string } };
};

export type PushSubscription = {
  endpoint: string;
  /** In base64, as on the wire. */
  keys: { p256dh: string; auth: string };
  received: ReceivedPush[];
  /** Answers to the next requests in order; then 201. `hang`: no answer. */
  answers: ({ status: number; headers?: Record<string, string> } | 'hang')[];
  /** All requests, including refused ones. */
  requests: number;
};

/** A push service by RFC 8030, 8188, 8291 and 8292: accepts only what a real one would, and also decrypts what only the device could. */
export async function startPushService() {
  const subscriptions = new Map<string, PushSubscription & { open: PushKeys }>();
  const faults: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const found = subscriptions.get(request.url ?? '');
      if (!found) return end(response, 404);
      found.requests += 1;
      const answer = found.answers.shift() ?? { status: 201 };
      if (answer === 'hang') return;
      if (answer.status === 201) {
        try {
          found.received.push(take(origin(), found.open, request.headers, Buffer.concat(parts)));
        } catch (error) {
          faults.push(String(error));
          return end(response, 400);
        }
      }
      end(response, answer.status, answer.headers);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    origin: origin(),
    /** Reasons for refused requests. */
    faults,
    subscribe(): PushSubscription {
      const pair = createECDH('prime256v1');
      pair.generateKeys();
      const open = { pair, auth: randomBytes(16) };
      const path = `/push/${randomBytes(12).toString('base64url')}`;
      const subscription = {
        open,
        endpoint: origin() + path,
        keys: { p256dh: pair.getPublicKey('base64'), auth: open.auth.toString('base64') },
        received: [],
        answers: [],
        requests: 0,
      };
      subscriptions.set(path, subscription);
      return subscription;
    },
    async close(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export type PushService = Awaited<ReturnType<typeof startPushService>>;

function end(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end();
}

function take(origin: string, open: PushKeys, headers: IncomingHttpHeaders, body: Buffer): ReceivedPush {
  if (headers['content-encoding'] !== 'aes128gcm') throw new TypeError('not in aes128gcm');
  if (!/^\d+$/.test(String(headers.ttl))) throw new TypeError('without a TTL');
  if (body.length > 4096) throw new TypeError('longer than a push service has to take');
  const vapid = verifyVapid(headers.authorization, origin);
  return { atMs: Date.now(), headers, body, content: decryptPush(body, open).toString('utf8'), vapid };
}

const DAY_SECONDS = 24 * 3600;

function verifyVapid(authorization: string | undefined, origin: string): ReceivedPush['vapid'] {
  const [, token = '', key = ''] = /^vapid t=([^,]+), ?k=([A-Za-z0-9_-]+)$/.exec(authorization ?? '') ?? [];
  const publicKey = Buffer.from(key, 'base64url');
  const [header = '', payload = '', signature = ''] = token.split('.');
  const [x, y] = [publicKey.subarray(1, 33), publicKey.subarray(33)].map((part) =>
    part.toString('base64url'),
  );
  const isGenuine = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    {
      key: createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' }),
      dsaEncoding: 'ieee-p1363',
    },
    Buffer.from(signature, 'base64url'),
  );
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  const now = Date.now() / 1000;
  if (!isGenuine) throw new TypeError('the VAPID token is not signed by its key');
  if (claims.aud !== origin) throw new TypeError(`the VAPID token is for ${claims.aud}`);
  if (!(claims.exp > now && claims.exp <= now + DAY_SECONDS)) throw new TypeError('the VAPID token is over');
  return { publicKey, claims };
}

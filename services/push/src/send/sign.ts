import { createHmac } from 'node:crypto';

/**
 * The headers of Standard Webhooks: id, time and body are signed, so that the receiver can refuse stale, repeated or
 * altered requests. Several secrets during a rotation: a receiver that knows any of them finds its signature.
 */
export function signedHeaders(
  message: { id: string; body: Buffer; nowMs: number },
  secrets: readonly Buffer[],
): Record<string, string | number> {
  const { id, body, nowMs } = message;
  const timestamp = Math.floor(nowMs / 1000);
  const signatures = secrets.map(
    (secret) =>
      `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest('base64')}`,
  );
  return {
    'content-type': 'application/json',
    'content-length': body.length,
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}

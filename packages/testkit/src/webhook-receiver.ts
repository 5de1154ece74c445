import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export type ReceivedWebhook = { id: string; atMs: number; body: Buffer };

/** How the receiver answers the next request: accept it, with this status, or not at all. */
export type WebhookAnswer = number | { status: number; headers: Record<string, string> } | 'hang';

export type WebhookReceiver = {
  readonly origin: string;
  /** Secrets that it accepts, as bytes; may be changed at any time. */
  secrets: Buffer[];
  /** Genuine requests that it accepted, in order, including repetitions. */
  readonly received: ReceivedWebhook[];
  /** Genuine requests that it saw, whatever it answered. */
  readonly seen: ReceivedWebhook[];
  /** Requests that it did not accept as genuine. */
  readonly refused: string[];
  /** Answers to the next requests in order; then 204. */
  answers: WebhookAnswer[];
  close(): void;
};

const TOLERANCE_MS = 300_000;

/** The receiving side of Standard Webhooks, by its specification: a signature over id, time and body, at most five minutes old. */
export async function startWebhookReceiver(secrets: Buffer[] = []): Promise<WebhookReceiver> {
  const receiver = {
    secrets,
    received: [] as ReceivedWebhook[],
    seen: [] as ReceivedWebhook[],
    refused: [] as string[],
    answers: [] as WebhookAnswer[],
  };
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const id = String(request.headers['webhook-id']);
    if (!isGenuine(request.headers, body, receiver.secrets)) {
      receiver.refused.push(id);
      response.writeHead(401).end();
      return;
    }
    const webhook = { id, atMs: Date.now(), body };
    receiver.seen.push(webhook);
    const answer = receiver.answers.shift() ?? 204;
    if (answer === 'hang') return;
    const { status, headers } = typeof answer === 'number' ? { status: answer, headers: {} } : answer;
    if (status < 300) receiver.received.push(webhook);
    response.writeHead(status, headers).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(receiver, {
    origin: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  });
}

function isGenuine(headers: IncomingHttpHeaders, body: Buffer, secrets: readonly Buffer[]): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signatures = '' } = headers;
  if (Math.abs(Date.now() - Number(at) * 1000) > TOLERANCE_MS) return false;
  return secrets.some((secret) => {
    const signed = createHmac('sha256', secret).update(`${id}.${at}.`).update(body);
    const expected = Buffer.from(`v1,${signed.digest('base64')}`);
    return String(signatures)
      .split(' ')
      .map((given) => Buffer.from(given))
      .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
  });
}

import { type AdminAnswer, MAX_ANSWER_BYTES, type Transport, Unreachable } from './transport.ts';

/** Over HTTP, with the key only in the header. */
export function httpTransport(base: string, key: string): Transport {
  return async ({ method, path, body, idempotencyKey }, signal) => {
    const headers = {
      authorization: `Bearer ${key}`,
      ...(body && { 'content-type': 'application/json' }),
      ...(idempotencyKey && { 'idempotency-key': idempotencyKey }),
    };
    try {
      // a redirect would send the key elsewhere
      const request = { method, headers, signal, redirect: 'error' as const };
      const response = await fetch(`${base}${path}`, {
        ...request,
        ...(body && { body: JSON.stringify(body) }),
      });
      return await answerOf(response);
    } catch (error) {
      throw unreachable(base, error);
    }
  };
}

async function answerOf(response: Response): Promise<AdminAnswer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > MAX_ANSWER_BYTES) throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} B`);
    parts.push(part);
  }
  return { status: response.status, text: Buffer.concat(parts).toString('utf8') };
}

/** Error codes of OpenSSL and Node for an untrusted certificate. */
const DISTRUST = /CERT|SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY|ALTNAME/;

function unreachable(base: string, error: unknown): Unreachable {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  const reason = cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error));
  if (DISTRUST.test(reason))
    return new Unreachable(
      `The certificate of ${base} is not trusted (${reason})`,
      'If your own CA issued it, set NODE_EXTRA_CA_CERTS to the CA file. Otherwise do not go on: the key was not sent.',
      { isRetryable: false },
    );
  return new Unreachable(
    `No answer from ${base} (${reason})`,
    'Does auth run, and is the address right? The admin API is on no public door: `kubectl -n NAMESPACE port-forward service/auth 7002`, or ask where it runs, with --compose, --kubernetes or --local.',
    { isRetryable: true },
  );
}

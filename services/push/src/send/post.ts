import { type LookupAddress, lookup as resolve } from 'node:dns';
import { type IncomingMessage, request as overHttp, type RequestOptions } from 'node:http';
import { request as overTls } from 'node:https';
import { isIP } from 'node:net';
import { type Endpoints, hostOf, isPublicAddress } from '@securechat/kernel';
import { type Outcome, outcomeOf } from './outcome.ts';

export type Post = (
  url: string,
  headers: Record<string, string | number>,
  body: Uint8Array,
) => Promise<Outcome>;
/** How a name is resolved; replaced in tests. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

/** Only an answer's status and one header are used. */
const MAX_RESPONSE_BYTES = 16 * 1024;

class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
}

/**
 * Posts to an endpoint that someone else chose. Connects to the very address that was checked, whatever the name
 * resolves to a moment later; redirects are not followed; one deadline covers everything, and the response read is
 * bounded.
 */
export function createPost(parts: {
  endpoints: Endpoints;
  timeoutMs: number;
  now: () => number;
  resolve?: Resolve;
}): Post {
  const { endpoints, timeoutMs, now, resolve = resolveAll } = parts;

  return async (target, headers, body) => {
    const url = new URL(target);
    // the rules may have become stricter since a client named it
    if (!endpoints.isAcceptable(target)) return { kind: 'refused' };
    const lookup = checkedLookup(resolve, endpoints.isTrusted(url));
    try {
      const { status, retryAfter } = await exchange(url, { headers, lookup, timeoutMs, body });
      return outcomeOf(status, retryAfter, now());
    } catch (error) {
      return { kind: error instanceof AddressRefusedError ? 'refused' : 'failed' };
    }
  };
}

type Lookup = NonNullable<RequestOptions['lookup']>;

/**
 * Returns addresses only when all of the name's addresses are public, so that its owner cannot influence which one is
 * tried.
 */
function checkedLookup(resolve: Resolve, isTrusted: boolean): Lookup {
  return (host, { all }, done) => {
    resolve(host).then(
      (found) => {
        const [first] = found;
        const isAllowed = isTrusted || found.every(({ address }) => isPublicAddress(address));
        if (first === undefined || !isAllowed)
          return done(new AddressRefusedError('not a public address'), []);
        return all ? done(null, [...found]) : done(null, first.address, first.family);
      },
      (error: Error) => done(error, []),
    );
  };
}

function resolveAll(host: string): Promise<LookupAddress[]> {
  const { promise, resolve: settle, reject } = Promise.withResolvers<LookupAddress[]>();
  resolve(host, { all: true }, (error, found) => (error ? reject(error) : settle(found)));
  return promise;
}

async function exchange(
  url: URL,
  parts: { headers: Record<string, string | number>; lookup: Lookup; timeoutMs: number; body: Uint8Array },
): Promise<{ status: number; retryAfter: string | undefined }> {
  const { headers, lookup, timeoutMs, body } = parts;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = (url.protocol === 'https:' ? overTls : overHttp)(url, {
    method: 'POST',
    headers,
    // a new connection each time: a kept-alive one would not be checked again
    agent: false,
    ...(isIP(hostOf(url)) === 0 ? { lookup } : {}),
    signal: AbortSignal.timeout(timeoutMs),
  });
  request.on('response', resolve).on('error', reject).end(body);
  try {
    const response = await promise;
    await drain(response);
    return { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] };
  } finally {
    request.destroy();
  }
}

async function drain(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const part of response) {
    bytes += (part as Buffer).length;
    if (bytes > MAX_RESPONSE_BYTES) return;
  }
}

import { type Clock, RetryableError } from '@securechat/kernel';
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Admission } from './admission.ts';
import { refuse } from './outcome.ts';

/** The product's signing key: one shared by both sides, or the URL of its public keys. */
export type TokenKey = { secret: string } | { jwksUrl: string };

/** Only for a shared key; a public key must never be used as one. */
const SHARED_ALGORITHMS = ['HS256'];
const PUBLIC_ALGORITHMS = ['RS256', 'ES256', 'EdDSA', 'Ed25519'];
/** Clock difference between two machines. */
const CLOCK_TOLERANCE_SECONDS = 30;

/** The token's `typ`, if any: other tokens of the same issuer, such as those that end a session, admit nobody. */
const TOKEN_TYPES = /^(application\/)?(at\+)?jwt$/i;

const JWKS_DEADLINE_MS = 3_000;
/** Keys are refetched when this old, and for an unknown key id, but not more often than the cooldown. */
const JWKS_CACHE_MS = 10 * 60_000;
const JWKS_COOLDOWN_MS = 30_000;
const MAX_JWKS_BYTES = 64 * 1024;

/**
 * Users vouched for by the embedding product: a JWT of its issuer for this service, not expired, whose user claim
 * equals the list's user id. The token is not our secret and is not used up: it creates an account for that user
 * only.
 */
export function createTokenAdmission(parts: {
  key: TokenKey;
  issuer: string;
  audience: string;
  userClaim: string;
  clock: Clock;
}): Admission {
  const { key, issuer, audience, userClaim, clock } = parts;
  const verify = createVerify(key);

  return {
    async check({ token, list }) {
      if (token === undefined) refuse('not_admitted', '/token');
      const claims = await verify(token, {
        issuer,
        audience,
        requiredClaims: ['exp', userClaim],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(clock.now()),
      });
      if (claims?.[userClaim] !== list.user_id) refuse('not_admitted', '/token');
    },
    use: async () => {},
  };
}

type Rules = Omit<NonNullable<Parameters<typeof jwtVerify>[2]>, 'algorithms'>;

/** Resolves with the claims, or undefined if the token itself is invalid. */
function createVerify(
  key: TokenKey,
): (token: string, rules: Rules) => Promise<Record<string, unknown> | undefined> {
  const secret = 'secret' in key ? new TextEncoder().encode(key.secret) : undefined;
  const keys = 'jwksUrl' in key ? remoteKeys(new URL(key.jwksUrl)) : undefined;
  return async (token, rules) => {
    try {
      const { payload, protectedHeader } = secret
        ? await jwtVerify(token, secret, { ...rules, algorithms: SHARED_ALGORITHMS })
        : await jwtVerify(token, keys as JWTVerifyGetKey, { ...rules, algorithms: PUBLIC_ALGORITHMS });
      const { typ } = protectedHeader;
      return typ === undefined || TOKEN_TYPES.test(typ) ? payload : undefined;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  };
}

/**
 * Unavailable key sets do not count as a refusal: the same token may work a moment later. Nor does a key missing from
 * a set that is too young to be refetched: it may have been published since.
 */
function remoteKeys(url: URL): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(url, {
    timeoutDuration: JWKS_DEADLINE_MS,
    cacheMaxAge: JWKS_CACHE_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
    [customFetch]: fetchBounded,
  });
  return async (header, token) => {
    const { coolingDown } = keys;
    try {
      return await keys(header, token);
    } catch (error) {
      const isTokensFault =
        (error instanceof errors.JWKSNoMatchingKey && !coolingDown) ||
        error instanceof errors.JWKSMultipleMatchingKeys;
      if (isTokensFault) throw error;
      throw new RetryableError('The keys of the token issuer cannot be read', { cause: error });
    }
  };
}

async function fetchBounded(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    parts.push(part);
    bytes += part.length;
    if (bytes > MAX_JWKS_BYTES) throw new RangeError(`the key set is longer than ${MAX_JWKS_BYTES} bytes`);
  }
  return new Response(Buffer.concat(parts), { status: response.status });
}

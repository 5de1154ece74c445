import { type Clock, RetryableError } from '@securechat/kernel';
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Admission } from './admission.ts';
import { refuse } from './outcome.ts';

/** The product's signing key: one that both sides share, or an address where its public keys are. */
export type TokenKey = { secret: string } | { jwksUrl: string };

/** Only for a shared key; a public one must never be taken for it. */
const SHARED_ALGORITHMS = ['HS256'];
const PUBLIC_ALGORITHMS = ['RS256', 'ES256', 'EdDSA', 'Ed25519'];
/** Clocks of two machines. */
const CLOCK_TOLERANCE_SECONDS = 30;

/** What they call themselves, if anything: other tokens of the same issuer, such as those that end a session, let nobody in. */
const TOKEN_TYPES = /^(application\/)?(at\+)?jwt$/i;

const JWKS_DEADLINE_MS = 3_000;
/** Keys are fetched again when they are this old, and for an unknown key id, but not more often than the second number. */
const JWKS_CACHE_MS = 10 * 60_000;
const JWKS_COOLDOWN_MS = 30_000;
const MAX_JWKS_BYTES = 64 * 1024;

/**
 * Whom the embedding product vouches for: a JWT of its issuer for this service, not expired, whose user claim is the
 * very user id of the list. The token is no secret of ours and is not used up: it makes an account for that user only.
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

/** Resolves with the claims, or undefined for whatever is wrong with the token itself. */
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
 * Key sets that cannot be had are nobody's refusal: the same token may do a moment later. So is a key that is not in a set
 * that is too young to be fetched again: it may have been published since.
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

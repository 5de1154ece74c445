import { type ConfigOf, readConfig, type SecretsOf } from '@securechat/kernel';
import { authOptions } from './config.ts';

type Config = ConfigOf<typeof authOptions>;
type Secrets = SecretsOf<typeof authOptions>;
/** What could be read: an option that is invalid by itself is missing. */
type Given = { config: Partial<Config>; secrets: Partial<Secrets> };

/** Auth's environment; reports all faults at once, including those of options that need each other. */
export function readAuthConfig(env: NodeJS.ProcessEnv): { config: Config; secrets: Secrets } {
  return readConfig(authOptions, env, (given) => [
    ...findInviteFaults(given),
    ...findJwtFaults(given),
    ...findTurnFaults(given),
    ...findKeyFaults(given),
  ]);
}

function findInviteFaults({ config, secrets }: Given): string[] {
  if (config.enrolment !== 'invite' || secrets.adminToken !== undefined) return [];
  return ['AUTH_ADMIN_TOKEN is missing: AUTH_ENROLMENT=invite needs it, or nobody could make codes.'];
}

function findJwtFaults({ config, secrets }: Given): string[] {
  if (config.enrolment === undefined) return [];
  if (config.enrolment !== 'jwt') return findForgottenMode({ config, secrets });
  const faults: string[] = [];
  const needed = { AUTH_JWT_ISSUER: config.jwtIssuer, AUTH_JWT_AUDIENCE: config.jwtAudience };
  for (const [name, value] of Object.entries(needed))
    if (value === undefined) faults.push(`${name} is missing: AUTH_ENROLMENT=jwt needs it.`);
  if ((secrets.jwtSecret === undefined) === (config.jwksUrl === undefined))
    faults.push('AUTH_ENROLMENT=jwt needs exactly one of AUTH_JWT_SECRET and AUTH_JWT_JWKS_URL.');
  if (config.jwksUrl !== undefined && !isPrivate(new URL(config.jwksUrl)))
    faults.push('AUTH_JWT_JWKS_URL must be https: who can change the keys on their way can name any user.');
  return faults;
}

/** Token options without the token mode would otherwise silently mean open enrolment. */
function findForgottenMode({ config, secrets }: Given): string[] {
  const given = {
    AUTH_JWT_SECRET: secrets.jwtSecret,
    AUTH_JWT_JWKS_URL: config.jwksUrl,
    AUTH_JWT_ISSUER: config.jwtIssuer,
    AUTH_JWT_AUDIENCE: config.jwtAudience,
  };
  return Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} is set, and AUTH_ENROLMENT is ${config.enrolment}, not jwt.`],
  );
}

/** A `turn_credentials` has room for eight. */
const MAX_TURN_URLS = 8;

function findTurnFaults({ config, secrets }: Given): string[] {
  const urls = config.turnUrls;
  if (urls === undefined || !('turnSecret' in secrets)) return [];
  if (urls.length > MAX_TURN_URLS) return [`AUTH_TURN_URLS has more than ${MAX_TURN_URLS}.`];
  if (urls.length > 0 === (secrets.turnSecret !== undefined)) return [];
  return ['AUTH_TURN_URLS and AUTH_TURN_SECRET belong together: one of them is missing.'];
}

/** A key that follows itself: a rotation that did not happen, or one that would seem to be finished. */
function findKeyFaults({ secrets }: Given): string[] {
  const seeds: [name: string, seed: Uint8Array | undefined][] = [
    ['AUTH_SERVICE_KEY', secrets.serviceKeySeed],
    ['AUTH_SERVICE_KEY_NEXT', secrets.serviceKeyNextSeed],
    ['AUTH_SERVICE_KEY_PREVIOUS', secrets.serviceKeyPreviousSeed],
  ];
  return seeds.flatMap(([name, seed], index) => {
    const same = seeds
      .slice(0, index)
      .find(([, other]) => seed && other && Buffer.compare(seed, other) === 0);
    return same ? [`${name} is the same as ${same[0]}.`] : [];
  });
}

const isPrivate = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);

import { SEED_BYTES } from '@securechat/crypto/sign';
import {
  defineConfig,
  durationMs,
  int,
  list,
  type Option,
  oneOf,
  originsOption,
  postgresOption,
  redisOption,
  secret,
  str,
  streamOptions,
  trustedProxiesOption,
  url,
  webhookOriginsOption,
} from '@securechat/kernel';
import { decodeBase64, isBase64 } from '@securechat/protocol';

const SEED_EXAMPLE = '$(openssl rand -base64 32)';

const postgresUrl = postgresOption('securechat_auth');

const enrolmentModes = ['open', 'invite', 'jwt'] as const;
export type EnrolmentMode = (typeof enrolmentModes)[number];

/** Migrations need no more than this, and a role that may create schemas and roles. */
export const migrateOptions = defineConfig({ postgresUrl });

/** What the command `webhooks` needs. */
export const webhookOptions = defineConfig({
  postgresUrl,
  webhookAllowedOrigins: webhookOriginsOption,
});

export const authOptions = defineConfig({
  postgresUrl,
  redisUrl: redisOption,
  ...streamOptions,
  httpHost: str({ env: 'AUTH_HTTP_HOST', default: '127.0.0.1', doc: 'Address of the enrolment API' }),
  httpPort: int({
    env: 'AUTH_HTTP_PORT',
    default: 7002,
    min: 0,
    max: 65_535,
    doc: 'Port of the enrolment API; 0 takes a free one and logs it',
  }),
  trustedProxies: trustedProxiesOption('AUTH_TRUSTED_PROXIES'),
  allowedOrigins: originsOption,
  webhookAllowedOrigins: webhookOriginsOption,
  enrolment: oneOf(enrolmentModes, {
    env: 'AUTH_ENROLMENT',
    default: 'open',
    doc: 'Who may create an account. open: whoever reaches the API; invite: whoever has an unused code; jwt: whoever a token of your product names',
  }),
  jwtSecret: secret({
    env: 'AUTH_JWT_SECRET',
    optional: true,
    min: 32,
    doc: 'With jwt: the key that tokens are signed with (HS256); otherwise set AUTH_JWT_JWKS_URL',
  }),
  jwksUrl: url({
    env: 'AUTH_JWT_JWKS_URL',
    protocols: ['https:', 'http:'],
    optional: true,
    doc: 'With jwt: URL of the public keys of the tokens (RS256, ES256, EdDSA); http only on loopback',
    example: 'https://id.example.org/.well-known/jwks.json',
  }),
  jwtIssuer: str({
    env: 'AUTH_JWT_ISSUER',
    optional: true,
    max: 256,
    doc: 'With jwt: the required iss claim',
  }),
  jwtAudience: str({
    env: 'AUTH_JWT_AUDIENCE',
    optional: true,
    max: 256,
    doc: 'With jwt: the required aud claim',
  }),
  jwtUserClaim: str({
    env: 'AUTH_JWT_USER_CLAIM',
    default: 'sub',
    max: 64,
    doc: 'With jwt: the claim that holds the user id',
  }),
  adminToken: secret({
    env: 'AUTH_ADMIN_TOKEN',
    optional: true,
    min: 32,
    doc: 'Bearer token of the admin API (/v1/admin); without it there is no admin API',
  }),
  enrolmentsPerMinute: int({
    env: 'AUTH_ENROLMENTS_PER_MINUTE',
    default: 60,
    min: 1,
    max: 1_000_000,
    doc: 'Enrolment requests per client address and minute; each process counts its own',
  }),
  certificateValidMs: durationMs({
    env: 'AUTH_CERTIFICATE_VALID_MS',
    default: 86_400_000,
    min: 60_000,
    max: 86_400_000,
    doc: "How long a gateway's certificate is valid",
  }),
  ticketValidMs: durationMs({
    env: 'AUTH_TICKET_VALID_MS',
    default: 86_400_000,
    min: 60_000,
    max: 86_400_000,
    doc: 'How long a device may log in again with its resume ticket',
  }),
  poolSize: int({
    env: 'AUTH_POSTGRES_CONNECTIONS',
    default: 8,
    min: 1,
    max: 100,
    doc: 'Maximum connections to Postgres',
  }),
  erasureGraceMs: durationMs({
    env: 'AUTH_ERASURE_GRACE_MS',
    default: 60_000,
    min: 1_000,
    max: 86_400_000,
    doc: 'How long after the request an erasure begins; by then, what the user had under way has been written',
  }),
  keyLowWater: int({
    env: 'AUTH_KEY_LOW_WATER',
    default: 10,
    min: 0,
    max: 100,
    doc: 'A device with fewer key packages than this is asked to upload more',
  }),
  keyRequestsPerMinute: int({
    env: 'AUTH_KEY_REQUESTS_PER_MINUTE',
    default: 60,
    min: 1,
    max: 10_000,
    doc: 'Key bundle requests per user in any 60 seconds, across all devices and gateways',
  }),
  keysPerPairHour: int({
    env: 'AUTH_KEYS_PER_PAIR_HOUR',
    default: 10,
    min: 0,
    max: 10_000,
    doc: 'Key packages that one user takes from another in any hour; beyond it, the last resort is given',
  }),
  keysPerTargetHour: int({
    env: 'AUTH_KEYS_PER_TARGET_HOUR',
    default: 100,
    min: 0,
    max: 10_000,
    doc: 'Key packages that all users together take from one in any hour; beyond it, the last resort is given',
  }),
  keyUploadsPerHour: int({
    env: 'AUTH_KEY_UPLOADS_PER_HOUR',
    default: 1200,
    min: 1,
    max: 10_000,
    doc: 'Key packages that one user uploads in any hour, across all devices',
  }),
  turnUrls: list({
    env: 'AUTH_TURN_URLS',
    default: [],
    items: {
      are: (item) => /^turns?:[A-Za-z0-9.[\]:-]{1,200}(\?transport=(udp|tcp))?$/.test(item),
      expected: 'addresses such as turn:turn.example.org:3478?transport=udp, separated by commas',
    },
    doc: 'TURN servers that relay where no direct way is found; if empty, nobody gets credentials',
    example: 'turns:turn.example.org:5349?transport=tcp',
  }),
  turnSecret: secret({
    env: 'AUTH_TURN_SECRET',
    optional: true,
    min: 32,
    doc: 'Secret that auth shares with these servers (static-auth-secret of coturn)',
  }),
  turnValidMs: durationMs({
    env: 'AUTH_TURN_VALID_MS',
    default: 3_600_000,
    min: 60_000,
    max: 3_600_000,
    doc: 'How long credentials for them are valid',
  }),
  turnPerHour: int({
    env: 'AUTH_TURN_PER_HOUR',
    default: 30,
    min: 1,
    max: 10_000,
    doc: 'TURN credentials that one user gets in any hour, across all devices',
  }),
  serviceKeySeed: seed({
    env: 'AUTH_SERVICE_KEY',
    doc: 'Seed of the key that clients pin (32 random bytes, base64; generate it once and keep it)',
    example: SEED_EXAMPLE,
  }),
  serviceKeyNextSeed: seed({
    env: 'AUTH_SERVICE_KEY_NEXT',
    optional: true,
    doc: 'Seed of the next service key: announced to clients, used for nothing else',
    example: SEED_EXAMPLE,
  }),
  serviceKeyPreviousSeed: seed({
    env: 'AUTH_SERVICE_KEY_PREVIOUS',
    optional: true,
    doc: 'Seed of the previous service key: its tickets are accepted, and clients that pin it are led to the one in use',
    example: SEED_EXAMPLE,
  }),
});

/** What the command `limits` needs: it also reports auth's own limits. */
export const limitsOptions = defineConfig({
  postgresUrl,
  redisUrl: authOptions.redisUrl,
  ...streamOptions,
  keyRequestsPerMinute: authOptions.keyRequestsPerMinute,
  keysPerPairHour: authOptions.keysPerPairHour,
  keysPerTargetHour: authOptions.keysPerTargetHour,
  keyUploadsPerHour: authOptions.keyUploadsPerHour,
  turnPerHour: authOptions.turnPerHour,
});

/** What the command `call-admin` needs. */
export const callAdminOptions = defineConfig({
  httpPort: authOptions.httpPort,
  adminToken: authOptions.adminToken,
});

type SeedOption = { env: string; doc: string; example: string };

function seed(given: SeedOption & { optional: true }): Option<Uint8Array | undefined, true>;
function seed(given: SeedOption): Option<Uint8Array, true>;
function seed(given: SeedOption & { optional?: true }): Option<Uint8Array, true> {
  const parse = (text: string): Uint8Array => {
    const bytes = isBase64(text) ? decodeBase64(text) : undefined;
    if (bytes?.length !== SEED_BYTES) throw new TypeError(`${SEED_BYTES} bytes in base64`);
    return bytes;
  };
  const { type, isSecret } = secret(given);
  return { ...given, type, isSecret, parse, print: () => '(secret)' };
}

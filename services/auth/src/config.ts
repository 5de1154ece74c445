import { SEED_BYTES } from '@securechat/crypto/sign';
import {
  defineConfig,
  durationMs,
  int,
  list,
  type Option,
  oneOf,
  postgresOption,
  redisOption,
  secret,
  str,
  streamOptions,
} from '@securechat/kernel';
import { decodeBase64, isBase64 } from '@securechat/protocol';

const postgresUrl = postgresOption('securechat_auth');

/** Migrations need no more than this, and a role that may create schemas and roles. */
export const migrateOptions = defineConfig({ postgresUrl });

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
    doc: 'Port of the same; 0 takes a free one and logs it',
  }),
  trustedProxies: list({
    env: 'AUTH_TRUSTED_PROXIES',
    default: [],
    doc: 'Addresses or networks whose X-Forwarded-For tells the client address; without, all their clients count as one',
    example: '10.0.0.0/8',
  }),
  enrolment: oneOf(['open'], {
    env: 'AUTH_ENROLMENT',
    default: 'open',
    doc: 'Who may create an account; open: whoever reaches the API',
  }),
  enrolmentsPerMinute: int({
    env: 'AUTH_ENROLMENTS_PER_MINUTE',
    default: 60,
    min: 1,
    max: 1_000_000,
    doc: 'Enrolment requests per client address and minute; counted by each process for itself',
  }),
  certificateValidMs: durationMs({
    env: 'AUTH_CERTIFICATE_VALID_MS',
    default: 86_400_000,
    min: 60_000,
    max: 86_400_000,
    doc: 'How long a gateway may use its key',
  }),
  ticketValidMs: durationMs({
    env: 'AUTH_TICKET_VALID_MS',
    default: 86_400_000,
    min: 60_000,
    max: 86_400_000,
    doc: 'How long a device may log in again by its resume ticket',
  }),
  poolSize: int({
    env: 'AUTH_POSTGRES_CONNECTIONS',
    default: 8,
    min: 1,
    max: 100,
    doc: 'Most connections to Postgres',
  }),
  serviceKeySeed: seed({
    env: 'AUTH_SERVICE_KEY',
    doc: 'Seed of the key that clients pin (32 random bytes, base64; make it once and keep it)',
    example: '$(openssl rand -base64 32)',
  }),
});

function seed(given: { env: string; doc: string; example: string }): Option<Uint8Array, true> {
  const parse = (text: string): Uint8Array => {
    const bytes = isBase64(text) ? decodeBase64(text) : undefined;
    if (bytes?.length !== SEED_BYTES) throw new TypeError(`${SEED_BYTES} bytes in base64`);
    return bytes;
  };
  const { env, doc, example, type, isSecret } = secret(given);
  return { env, doc, example, type, isSecret, parse, print: () => '(secret)' };
}

import {
  bytes,
  type ConfigOf,
  defineConfig,
  durationMs,
  fileOptions,
  int,
  oneOf,
  originsOption,
  postgresOption,
  redisOption,
  type SecretsOf,
  secret,
  str,
  streamOptions,
  trustedProxiesOption,
  url,
} from '@securechat/kernel';
import { MAX_FILE_BYTES } from '@securechat/protocol';
import type { BucketOptions } from './blobs/bucket.ts';

const DAY_MS = 24 * 3600 * 1000;

export const options = defineConfig({
  redisUrl: redisOption,
  postgresUrl: postgresOption('securechat_files'),
  ...streamOptions,
  ...fileOptions,
  httpHost: str({ env: 'FILES_HTTP_HOST', default: '127.0.0.1', doc: 'Address of the HTTP interface' }),
  httpPort: int({
    env: 'FILES_HTTP_PORT',
    default: 7005,
    min: 0,
    max: 65_535,
    doc: 'Port of the HTTP interface; 0 takes a free one and logs it',
  }),
  publicUrl: url({
    env: 'FILES_PUBLIC_URL',
    protocols: ['https:', 'http:'],
    optional: true,
    doc: 'Where clients reach the HTTP interface; without it, clients send chunks by their sockets',
    example: 'https://files.example.org',
  }),
  trustedProxies: trustedProxiesOption('FILES_TRUSTED_PROXIES'),
  allowedOrigins: originsOption,
  storagePerUser: bytes({
    env: 'FILES_STORAGE_PER_USER',
    default: 1_000_000_000,
    min: 1,
    max: MAX_FILE_BYTES,
    doc: 'Bytes of files that count for one user: complete files, and what is reserved for uploads in progress; an admin may give a user another quota',
  }),
  filesPerUser: int({
    env: 'FILES_PER_USER',
    default: 10_000,
    min: 1,
    doc: 'Files that count for one user, however small',
  }),
  uploadValidMs: durationMs({
    env: 'FILES_UPLOAD_VALID',
    default: 7 * DAY_MS,
    min: 1000,
    doc: 'How long after its offer an incomplete file is removed',
  }),
  retentionMs: durationMs({
    env: 'FILES_RETENTION',
    default: 30 * DAY_MS,
    min: 1000,
    doc: 'How long after its completion a file is removed',
  }),
  sweepEveryMs: durationMs({
    env: 'FILES_SWEEP_EVERY',
    default: 60_000,
    min: 500,
    doc: 'How often expired files are looked for',
  }),
  reconcileEveryMs: durationMs({
    env: 'FILES_RECONCILE_EVERY',
    default: DAY_MS / 24,
    min: 500,
    doc: 'How often the ledger is compared with the files, and the store with the ledger',
  }),
  store: oneOf(['postgres', 's3'], {
    env: 'FILES_STORE',
    default: 'postgres',
    doc: 'Where new chunks go; existing ones stay where they are, and are read there',
  }),
  s3Endpoint: url({
    env: 'FILES_S3_ENDPOINT',
    protocols: ['https:', 'http:'],
    optional: true,
    doc: 'A server that speaks S3; the bucket is a part of the path',
    example: 'https://s3.eu-central-1.amazonaws.com',
  }),
  s3Region: str({ env: 'FILES_S3_REGION', default: 'us-east-1', min: 1, doc: 'Region of that server' }),
  s3Bucket: str({
    env: 'FILES_S3_BUCKET',
    pattern: /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    optional: true,
    doc: 'A bucket for this deployment alone: objects named like chunks that its database does not know are deleted',
    example: 'securechat-files',
  }),
  s3AccessKey: secret({
    env: 'FILES_S3_ACCESS_KEY',
    min: 1,
    optional: true,
    doc: 'Access key that may read, write, list and delete there',
    example: 'AKIA…',
  }),
  s3SecretKey: secret({
    env: 'FILES_S3_SECRET_KEY',
    min: 1,
    optional: true,
    doc: 'The secret of that access key',
    example: '…',
  }),
  poolSize: int({
    env: 'FILES_POSTGRES_CONNECTIONS',
    default: 8,
    min: 2,
    max: 100,
    doc: 'Maximum connections to Postgres',
  }),
});

type Read = { config: ConfigOf<typeof options>; secrets: SecretsOf<typeof options> };
/** What could be read. */
type Given = { config: Partial<Read['config']>; secrets: Partial<Read['secrets']> };

const BUCKET_OPTIONS = ['FILES_S3_ENDPOINT', 'FILES_S3_BUCKET', 'FILES_S3_ACCESS_KEY', 'FILES_S3_SECRET_KEY'];

/** Bucket options must be complete or absent. */
export function bucketFaults(read: Given): string[] {
  const { store, s3Endpoint, s3Bucket } = read.config;
  const { s3AccessKey, s3SecretKey } = read.secrets;
  const given = [s3Endpoint, s3Bucket, s3AccessKey, s3SecretKey];
  if (given.every((value) => value === undefined) && store !== 's3') return [];
  return BUCKET_OPTIONS.flatMap((name, index) =>
    given[index] === undefined ? [`${name} is missing: a bucket needs ${BUCKET_OPTIONS.join(', ')}.`] : [],
  );
}

/** The bucket for new chunks, or for earlier ones only; undefined without a bucket. */
export function bucketOf({ config, secrets }: Read): BucketOptions | undefined {
  const { s3Endpoint: endpoint, s3Region: region, s3Bucket: bucket } = config;
  const { s3AccessKey: accessKey, s3SecretKey: secretKey } = secrets;
  if (!endpoint || !bucket || !accessKey || !secretKey) return undefined;
  return { endpoint, region, bucket, accessKey, secretKey };
}

import {
  bytes,
  defineConfig,
  durationMs,
  fileOptions,
  int,
  originsOption,
  postgresOption,
  redisOption,
  str,
  streamOptions,
  trustedProxiesOption,
  url,
} from '@securechat/kernel';
import { MAX_FILE_BYTES } from '@securechat/protocol';

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
    doc: 'Port of the same; 0 takes a free one and logs it',
  }),
  publicUrl: url({
    env: 'FILES_PUBLIC_URL',
    protocols: ['https:', 'http:'],
    optional: true,
    doc: 'Where clients reach the HTTP interface; without it they are told of none and send chunks by their sockets',
    example: 'https://files.example.org',
  }),
  trustedProxies: trustedProxiesOption('FILES_TRUSTED_PROXIES'),
  allowedOrigins: originsOption,
  storagePerUser: bytes({
    env: 'FILES_STORAGE_PER_USER',
    default: 1_000_000_000,
    min: 1,
    max: MAX_FILE_BYTES,
    doc: 'Bytes of files that count for one user: those that are complete, and what is reserved for those on their way',
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
    doc: 'From the offer to the time when a file that is not complete is removed',
  }),
  retentionMs: durationMs({
    env: 'FILES_RETENTION',
    default: 30 * DAY_MS,
    min: 1000,
    doc: 'From the completion of a file to its removal',
  }),
  sweepEveryMs: durationMs({
    env: 'FILES_SWEEP_EVERY',
    default: 60_000,
    min: 500,
    doc: 'How often files are looked for whose time is over',
  }),
  reconcileEveryMs: durationMs({
    env: 'FILES_RECONCILE_EVERY',
    default: DAY_MS / 24,
    min: 500,
    doc: 'How often the ledger is compared with the files, and the store with the ledger',
  }),
  poolSize: int({
    env: 'FILES_POSTGRES_CONNECTIONS',
    default: 8,
    min: 2,
    max: 100,
    doc: 'Most connections to Postgres',
  }),
});

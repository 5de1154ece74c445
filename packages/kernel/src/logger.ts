import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import { describeError } from './describe-error.ts';
import { maskUrl } from './mask.ts';

export type Logger = PinoLogger;

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Names under which content, key material or people travel; none of them belongs in a log. */
const NEVER_LOGGED = [
  ...['payload', 'body', 'signature', 'ciphertext', 'plaintext', 'welcome', 'commit', 'key', 'nonce', 'from', 'to'],
  ...['public_key', 'private_key', 'publicKey', 'privateKey', 'encryption_key', 'encryptionKey', 'secret', 'secrets'],
  ...['ticket', 'token', 'authorization', 'cookie', 'password', 'filename', 'fileName', 'args', 'parameters'],
];

export type LoggerOptions = {
  service: string;
  /** Tells the processes of one service apart. */
  instance: string;
  level: LogLevel;
  /** Standard output unless given; for tests. */
  destination?: DestinationStream;
};

/** JSON lines. Give an error as `err`; give ids as fields, never in the text. */
export function createLogger({ service, instance, level, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: { service, instance },
    redact: { paths: NEVER_LOGGED.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
    serializers: { err: describeError, error: describeError },
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: { streamWrite: maskUrl },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

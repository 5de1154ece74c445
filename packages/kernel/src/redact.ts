import { describeError } from './describe-error.ts';
import { isError } from './errors.ts';

/** Names under which content, key material or people travel; none of them belongs in a log. */
const NEVER_LOGGED = new Set([
  ...[
    'payload',
    'body',
    'signature',
    'ciphertext',
    'plaintext',
    'welcome',
    'commit',
    'key',
    'nonce',
    'from',
    'to',
  ],
  ...[
    'public_key',
    'private_key',
    'publicKey',
    'privateKey',
    'encryption_key',
    'encryptionKey',
    'secret',
    'secrets',
  ],
  ...['ticket', 'token', 'authorization', 'cookie', 'password', 'filename', 'fileName', 'args', 'parameters'],
]);

/** Anything deeper is dropped: nobody reads it, and names are not checked there. */
const DEEPEST = 4;

/**
 * A copy that may be logged: forbidden names lose their value, bytes become their length, errors their description.
 * Hand-written because pino's own redaction took 160 µs a line with these names on three levels; this takes 3.
 */
export function redact(fields: object): Record<string, unknown> {
  return redactObject(fields, 0);
}

function redactObject(object: object, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(object)) {
    copy[name] = NEVER_LOGGED.has(name) ? '[redacted]' : redactValue(value, depth + 1);
  }
  return copy;
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isError(value)) return describeError(value);
  if (value instanceof Uint8Array) return `[${value.byteLength} bytes]`;
  if (depth >= DEEPEST) return '[deep]';
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  // dates and URLs define their own representation
  if ('toJSON' in value && typeof value.toJSON === 'function') return value;
  return redactObject(value, depth);
}

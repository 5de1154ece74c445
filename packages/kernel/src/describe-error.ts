import { isError } from './errors.ts';
import { maskUrl } from './mask.ts';

export type ErrorDescription = {
  type: string;
  message: string;
  stack?: string;
  cause?: ErrorDescription;
  [field: string]: unknown;
};

/** Fields that say what happened. Deliberately without pg's detail, where, hint and query, which quote row values. */
const FIELDS = ['code', 'severity', 'constraint', 'schema', 'table', 'column', 'syscall', 'address', 'port'];

/** Maximum depth of causes; a longer chain tells nothing more. */
const DEEPEST_CAUSE = 4;

/** An error as log fields, without anything a user wrote. */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!isError(error)) return { type: typeof error, message: withoutValues(String(error)) };
  const description: ErrorDescription = { type: error.name, message: withoutValues(error.message) };
  for (const field of FIELDS) {
    const value: unknown = Reflect.get(error, field);
    if (typeof value === 'string' || typeof value === 'number') description[field] = value;
  }
  // ioredis adds the command with all its arguments: the name alone is harmless
  const command: unknown = Reflect.get(error, 'command');
  if (isNamed(command)) description.command = command.name;
  description.stack = framesOf(error);
  if (error.cause !== undefined && depth < DEEPEST_CAUSE)
    description.cause = describeError(error.cause, depth + 1);
  return description;
}

/** The text before the frames repeats the message, so it is left out. */
function framesOf(error: Error): string | undefined {
  return error.stack
    ?.split('\n')
    .filter((line) => line.startsWith('    at '))
    .join('\n');
}

/** Postgres and Redis quote the offending value at the end of some messages. */
function withoutValues(message: string): string {
  return maskUrl(message)
    .replace(
      /^(invalid input [^:]*|[^:]*out of range[^:]*|malformed [^:]*|invalid byte sequence [^:]*): .*$/s,
      '$1: …',
    )
    .replace(/^(value) ".*" (is out of range .*)$/s, '$1 … $2')
    .replace(/with args beginning with: .*$/s, 'with args …');
}

function isNamed(value: unknown): value is { name: string } {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string';
}

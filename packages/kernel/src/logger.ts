import { type DestinationStream, type LogFn, type Logger as PinoLogger, pino } from 'pino';
import { isError } from './errors.ts';
import { maskUrl } from './mask.ts';
import { redact } from './redact.ts';

export type Logger = PinoLogger;

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export type LoggerOptions = {
  service: string;
  /** Tells the processes of one service apart. */
  instance: string;
  level: LogLevel;
  /** Standard output unless given; for tests. */
  destination?: DestinationStream;
};

/** JSON lines. Pass an error as `err`; pass ids as fields, never in the text. */
export function createLogger({ service, instance, level, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: { service, instance },
    // pino's own serializer would undo what `redact` made of an error
    serializers: { err: (description: unknown) => description },
    formatters: { level: (label: string) => ({ level: label }) },
    // before pino reads the fields, since without a text it uses the error's message
    hooks: { logMethod: redactFirst, streamWrite: maskUrl },
  };
  const logger = destination === undefined ? pino(options) : pino(options, destination);

  // pino has no formatter for the fields of a child; children inherit this method
  const { child } = logger;
  logger.child = function (this: Logger, fields: pino.Bindings, ...rest: unknown[]) {
    return Reflect.apply(child, this, [redact(fields), ...rest]);
  } as typeof child;
  return logger;
}

function redactFirst(this: Logger, args: Parameters<LogFn>, method: LogFn): void {
  const [first, ...rest] = args as unknown[];
  const fields = isError(first) ? { err: first } : first;
  Reflect.apply(method, this, [
    typeof fields === 'object' && fields !== null ? redact(fields) : fields,
    ...rest,
  ]);
}

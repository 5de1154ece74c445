import { ProtocolError } from '@securechat/protocol';
import type { Connection } from './connection.ts';

/**
 * Answers a fault. The peer's get an error frame; before login, or when later frames could not be parsed, the
 * connection is closed; repeated faults first pause reading, then close it. Anything else is ours: "unavailable" and
 * a log line.
 */
export function refuse(connection: Connection, error: unknown): void {
  if (connection.state === 'closing') return;
  if (!(error instanceof ProtocolError)) {
    connection.context.logger.error({ err: error }, 'frame could not be handled');
    return connection.sendError('SERVER_UNAVAILABLE', { retry_after_ms: 1000 });
  }
  connection.sendError(error.error, error.detail);
  if (error.fatal || connection.state !== 'ready') {
    const isVersion = error.error === 'UNSUPPORTED_VERSION';
    return connection.close(isVersion ? 'unsupported_version' : 'protocol_violation');
  }
  const verdict = connection.offences.add(error.error, error.detail.scope);
  if (verdict.close) connection.close(verdict.close);
  else if (verdict.pauseMs > 0) connection.intake.pauseFor(verdict.pauseMs);
}

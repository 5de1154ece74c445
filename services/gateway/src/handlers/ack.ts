import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { sessionOf } from './session-of.ts';

/** The device has stored its mailbox up to here. Clamped to what it was sent, or it could delete what it never saw. */
export function ack(connection: Connection, message: Upstream<'ack'>): undefined {
  const through = connection.mailbox.acknowledged(message.through);
  if (through > 0)
    connection.context.ackIngress.acknowledge(connection.number, sessionOf(connection), through);
}

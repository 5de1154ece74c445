import {
  type ClientCapability,
  clientCapabilities,
  neededCapability,
  ProtocolError,
  type Upstream,
} from '@securechat/protocol';
import type { Connection } from './connection.ts';

export type Capabilities = ReadonlySet<ClientCapability>;

/** One set shared by all clients that announced the same capabilities. */
const shared = new Map<string, Capabilities>();

/** The known capabilities among `names`. */
export function capabilitiesOf(names: readonly string[]): Capabilities {
  const known = clientCapabilities.filter((name) => names.includes(name));
  const found = shared.get(known.join()) ?? new Set(known);
  shared.set(known.join(), found);
  return found;
}

/** Throws unless the client announced at login the capability that this message needs. */
export function requireCapability(connection: Connection, message: Upstream): void {
  const capability = neededCapability[message.type];
  if (capability === undefined || connection.session?.capabilities.has(capability)) return;
  const reference_id = idOf(message);
  const reference = reference_id === undefined ? {} : { reference_id };
  throw new ProtocolError('CAPABILITY_MISSING', { ...reference, capability });
}

/** What an answer refers to: the message's own id, or that of its file. */
function idOf(message: Upstream): string | undefined {
  if ('id' in message && message.id !== undefined) return message.id;
  return 'file_id' in message ? message.file_id : undefined;
}

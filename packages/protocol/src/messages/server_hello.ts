import { defineMessage } from '../define-message.ts';
import { Base64Of, Count, Id, PublicKey, Signature, UnixSeconds } from '../ids.ts';
import { type Static, Type } from '../schema/type.ts';
import { Capabilities } from './client_hello.ts';

/** States which key this gateway uses and until when, signed by the service key that clients pin. */
export const GatewayCertificate = Type.Object({
  server_id: Id,
  public_key: PublicKey,
  not_before: UnixSeconds,
  not_after: UnixSeconds,
  service_key_id: Id,
  signature: Signature,
});
export type GatewayCertificate = Static<typeof GatewayCertificate>;

/**
 * The old service key's statement that another one succeeds it (`service-key-handover`). Valid by itself, whoever
 * relays it.
 */
export const Handover = Type.Object({
  service_key: PublicKey,
  previous_key: PublicKey,
  signature: Signature,
});
export type Handover = Static<typeof Handover>;

/** The server proves itself: `challenge_response` signs the `server-auth` transcript, never raw client bytes. */
export const serverHello = defineMessage({
  name: 'server_hello',
  id: 0x0002,
  down: Type.Object({
    type: Type.Literal('server_hello'),
    version: Type.String(),
    server_id: Id,
    server_key: PublicKey,
    server_cert: GatewayCertificate,
    server_challenge: Base64Of(32),
    challenge_response: Signature,
    session_id: Id,
    timestamp: UnixSeconds,
    capabilities: Capabilities,
    encoding: Type.Literal('json'),
    /** The limits that apply to this client, by name, e.g. `messages_per_minute`. */
    limits: Type.Record(Count),
    /** During a service key rotation: lead clients that pin an older key to the current one, and on to the next. */
    handovers: Type.Optional(Type.Array(Handover, { maxItems: 2 })),
  }),
});

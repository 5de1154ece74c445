import { defineMessage } from '../define-message.ts';
import { Base64Of, DeviceId, PublicKey, UserId } from '../ids.ts';
import { MAX_BYTES_BEFORE_LOGIN } from '../limits.ts';
import { Type } from '../schema/type.ts';

export const Capabilities = Type.Array(Type.String({ pattern: '^[a-z0-9_]{1,32}$' }), { maxItems: 32 });

/** First message of a connection. `public_key` is the device's signing key; the server signs `challenge`. */
export const clientHello = defineMessage({
  name: 'client_hello',
  id: 0x0001,
  maxUpBytes: MAX_BYTES_BEFORE_LOGIN,
  up: Type.Object({
    type: Type.Literal('client_hello'),
    version: Type.String({ pattern: '^[0-9]{1,3}\\.[0-9]{1,3}$' }),
    user_id: UserId,
    device_id: DeviceId,
    public_key: PublicKey,
    challenge: Base64Of(32),
    capabilities: Capabilities,
    /** Encoding of payloads after login; only JSON is served. */
    encoding: Type.Optional(Type.Literal('json')),
    /** Resume ticket of an earlier session: lets the gateway log in without asking auth. */
    resume: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_.-]{1,1024}$' })),
  }),
});

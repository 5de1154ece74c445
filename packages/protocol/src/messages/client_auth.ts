import { defineMessage } from '../define-message.ts';
import { Signature } from '../ids.ts';
import { MAX_BYTES_BEFORE_LOGIN } from '../limits.ts';
import { Type } from '../schema/type.ts';

/** The client proves its device key over the `client-auth` transcript of both hellos. */
export const clientAuth = defineMessage({
  name: 'client_auth',
  id: 0x0003,
  maxUpBytes: MAX_BYTES_BEFORE_LOGIN,
  up: Type.Object({ type: Type.Literal('client_auth'), signature: Signature }),
});

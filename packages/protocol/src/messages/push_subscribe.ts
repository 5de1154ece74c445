import { defineMessage } from '../define-message.ts';
import { Base64Of, MessageId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * Where this device is woken when messages wait for it. Up: either target replaces the previous one; without one it
 * asks for the current state. Down: the current state, the `applicationServerKey` for browsers, and whether there is
 * a bridge here.
 *
 * `web_push`: an endpoint of RFC 8030 with the keys of RFC 8291, as given by browsers and UnifiedPush distributors.
 * `bridge`: the device's token at the operator's own bridge to APNs or FCM.
 */
export const pushSubscribe = defineMessage({
  name: 'push_subscribe',
  id: 0x030c,
  up: Type.Object({
    type: Type.Literal('push_subscribe'),
    id: MessageId,
    web_push: Type.Optional(
      Type.Object({
        endpoint: Type.String({ pattern: '^https?://[!-~]{1,1000}$' }),
        p256dh: Base64Of(65),
        auth: Base64Of(16),
      }),
    ),
    bridge: Type.Optional(Type.Object({ token: Type.String({ pattern: '^[!-~]{1,1000}$' }) })),
  }),
  down: Type.Object({
    type: Type.Literal('push_subscribe'),
    ref: MessageId,
    subscribed: Type.Union([Type.Literal('nothing'), Type.Literal('web_push'), Type.Literal('bridge')]),
    vapid_public_key: Base64Of(65),
    has_bridge: Type.Boolean(),
  }),
});

import { defineMessage } from '../define-message.ts';
import { DeviceId, MessageId, UserId } from '../ids.ts';
import { Type } from '../schema/type.ts';

/**
 * Requests a key package of each device of a user, or of one of them. For a day the same `id` gets the same answer,
 * so that a request whose answer was lost consumes no second key.
 */
export const keyBundleRequest = defineMessage({
  name: 'key_bundle_request',
  id: 0x0103,
  up: Type.Object({
    type: Type.Literal('key_bundle_request'),
    id: MessageId,
    user_id: UserId,
    device_id: Type.Optional(DeviceId),
  }),
});

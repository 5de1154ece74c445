/** Webhook events and their descriptions. None contains content; triggers on the underlying rows write them. */
export const webhookEvents = {
  'user.created': 'an account was made',
  'user.suspended': 'an account was disabled, which is also the first step of an erasure',
  'user.enabled': 'a disabled account is served again',
  'user.erased': 'nothing of a user is left; its name can be used again',
  'device.added': 'a device was added to an account, also its first one',
  'device.revoked': 'a device was revoked',
  'conversation.created': 'a conversation was made; the event does not say who takes part',
} as const;

export type WebhookEvent = keyof typeof webhookEvents;
export const allWebhookEvents = Object.keys(webhookEvents) as WebhookEvent[];

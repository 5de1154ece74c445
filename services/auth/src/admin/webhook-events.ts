/** Webhook events and their descriptions. None contains content; triggers on the underlying rows write them. */
export const webhookEvents = {
  'user.created': 'an account was made',
  'user.suspended': 'an account was disabled, also as the first step of an erasure',
  'user.enabled': 'a disabled account is served again',
  'user.erased': 'nothing of a user is left; its name is free',
  'device.added': 'a device was added to an account, the first one too',
  'device.revoked': 'a device is served no more',
  'conversation.created': 'a conversation was made; who takes part is not told',
} as const;

export type WebhookEvent = keyof typeof webhookEvents;
export const allWebhookEvents = Object.keys(webhookEvents) as WebhookEvent[];

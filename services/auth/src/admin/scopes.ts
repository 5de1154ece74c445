/** What a key may do. Each route of the admin API requires exactly one scope. */
export const scopes = {
  'accounts:read': 'see accounts and their devices',
  'accounts:write': 'disable and enable accounts, revoke devices',
  'accounts:export': 'export everything that is stored about a user, without content',
  'accounts:erase': 'erase users for good, and see the receipts',
  'limits:read': 'see the limits, how much of them is used, and who stores the most files',
  'limits:write': 'set and remove quotas of single users',
  'webhooks:read': 'see webhooks and the events that they did not accept',
  'webhooks:write': 'make and remove webhooks, change their secrets and repeat events',
  'invites:read': 'see which invites can still be used, without their codes',
  'invites:write': 'make invites, and let named users in',
} as const;

export type Scope = keyof typeof scopes;
export const allScopes = Object.keys(scopes) as Scope[];

export const isScope = (word: string): word is Scope => Object.hasOwn(scopes, word);

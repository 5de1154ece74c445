/** What a key may do. Each route of the admin API requires exactly one scope. */
export const scopes = {
  'accounts:read': 'see accounts and their devices',
  'accounts:write': 'disable and enable accounts, revoke devices',
  'accounts:export': 'have all that is stored of a user, without content',
  'accounts:erase': 'erase users for good, and see receipts of it',
  'limits:read': 'see the limits in force, what stands against them for whom, and who keeps most files',
  'limits:write': 'give users quotas of their own',
  'webhooks:read': 'see webhooks and what they could not be told',
  'webhooks:write': 'have an address told what happens, and give it secrets',
  'invites:read': 'see which invites may still be used, without their codes',
  'invites:write': 'make invites, and let named users in',
} as const;

export type Scope = keyof typeof scopes;
export const allScopes = Object.keys(scopes) as Scope[];

export const isScope = (word: string): word is Scope => Object.hasOwn(scopes, word);

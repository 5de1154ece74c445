import type { ApiCommand } from '../admin-command.ts';
import { accounts, devices, revoke } from './accounts.ts';
import { invite, invites } from './invites.ts';
import { erase, exportUser, receipt } from './leaving.ts';
import { limits, quota, stored } from './limits.ts';
import { webhooks } from './webhooks.ts';

/** Commands of the admin API, by the word after `securechat admin`. */
export const apiCommands: Readonly<Record<string, ApiCommand>> = {
  accounts,
  devices,
  revoke,
  invite,
  invites,
  limits,
  quota,
  stored,
  export: exportUser,
  erase,
  receipt,
  webhooks,
};

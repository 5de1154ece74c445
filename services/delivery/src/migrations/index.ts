import type { Migrations } from '@securechat/kernel';
import { up as mailboxes } from './0001_mailboxes.ts';

export const migrations: Migrations = { '0001_mailboxes': { up: mailboxes } };

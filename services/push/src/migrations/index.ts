import type { Migrations } from '@securechat/kernel';
import { up as push } from './0001_push.ts';

export const migrations: Migrations = { '0001_push': { up: push } };

import type { Migrations } from '@securechat/kernel';
import { up as push } from './0001_push.ts';
import { up as erasure } from './0002_erasure.ts';
import { up as webhooks } from './0003_webhooks.ts';

export const migrations: Migrations = {
  '0001_push': { up: push },
  '0002_erasure': { up: erasure },
  '0003_webhooks': { up: webhooks },
};

import type { Migrations } from '@securechat/kernel';
import { up as mailboxes } from './0001_mailboxes.ts';
import { up as retention } from './0002_retention.ts';
import { up as blocks } from './0003_blocks.ts';
import { up as groups } from './0004_groups.ts';
import { up as ownerFunctions } from './0005_owner_functions.ts';
import { up as membersByName } from './0006_members_by_name.ts';
import { up as bans } from './0007_bans.ts';
import { up as outboxKeeps } from './0008_outbox_keeps.ts';
import { up as hiddenMarks } from './0009_hidden_marks.ts';
import { up as erasure } from './0010_erasure.ts';
import { up as webhooks } from './0011_webhooks.ts';
import { up as waiting } from './0012_waiting.ts';
import { up as busyWorkers } from './0013_busy_workers.ts';
import { up as linearErasure } from './0014_linear_erasure.ts';

export const migrations: Migrations = {
  '0001_mailboxes': { up: mailboxes },
  '0002_retention': { up: retention },
  '0003_blocks': { up: blocks },
  '0004_groups': { up: groups },
  '0005_owner_functions': { up: ownerFunctions },
  '0006_members_by_name': { up: membersByName },
  '0007_bans': { up: bans },
  '0008_outbox_keeps': { up: outboxKeeps },
  '0009_hidden_marks': { up: hiddenMarks },
  '0010_erasure': { up: erasure },
  '0011_webhooks': { up: webhooks },
  '0012_waiting': { up: waiting },
  '0013_busy_workers': { up: busyWorkers },
  '0014_linear_erasure': { up: linearErasure },
};

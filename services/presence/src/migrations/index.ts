import type { Migrations } from '@securechat/kernel';
import * as presence from './0001_presence.ts';
import * as erasure from './0002_erasure.ts';
import * as hiddenLastSeen from './0003_hidden_last_seen.ts';

/** Applied in name order; an applied one never changes. */
export const migrations: Migrations = {
  '0001_presence': presence,
  '0002_erasure': erasure,
  '0003_hidden_last_seen': hiddenLastSeen,
};

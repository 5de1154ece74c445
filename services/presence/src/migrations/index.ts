import type { Migrations } from '@securechat/kernel';
import * as presence from './0001_presence.ts';
import * as erasure from './0002_erasure.ts';

/** Applied in the order of their names; an applied one never changes. */
export const migrations: Migrations = { '0001_presence': presence, '0002_erasure': erasure };

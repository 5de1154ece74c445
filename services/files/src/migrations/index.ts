import type { Migrations } from '@securechat/kernel';
import * as files from './0001_files.ts';
import * as erasure from './0002_erasure.ts';
import * as objects from './0003_objects.ts';
import * as quotas from './0004_quotas.ts';

/** Applied in name order; an applied one never changes. */
export const migrations: Migrations = {
  '0001_files': files,
  '0002_erasure': erasure,
  '0003_objects': objects,
  '0004_quotas': quotas,
};

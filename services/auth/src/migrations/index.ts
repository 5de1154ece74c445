import type { Migrations } from '@securechat/kernel';
import { accounts } from './0001_accounts.ts';
import { roles } from './0002_roles.ts';
import { admission } from './0003_admission.ts';
import { keyPackages } from './0004_key_packages.ts';
import { keyLog } from './0005_key_log.ts';
import { apiKeys } from './0006_api_keys.ts';
import { erasures } from './0007_erasures.ts';
import { webhooks } from './0008_webhooks.ts';
import { narrowerRights } from './0009_narrower_rights.ts';
import { quotas } from './0010_quotas.ts';
import { serviceKeys } from './0011_service_keys.ts';

/** Applied in name order; an applied one never changes. */
export const migrations: Migrations = {
  '0001_accounts': accounts,
  '0002_roles': roles,
  '0003_admission': admission,
  '0004_key_packages': keyPackages,
  '0005_key_log': keyLog,
  '0006_api_keys': apiKeys,
  '0007_erasures': erasures,
  '0008_webhooks': webhooks,
  '0009_narrower_rights': narrowerRights,
  '0010_quotas': quotas,
  '0011_service_keys': serviceKeys,
};

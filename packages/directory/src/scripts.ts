import { readFileSync } from 'node:fs';
import { loadScript } from '@securechat/kernel';

const lua = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');

export const registerScript = loadScript<string[]>('register', lua('./register.lua'), 1);
export const removeScript = loadScript<number>('remove', lua('./remove.lua'), 1);
export const heartbeatScript = loadScript<string[]>('heartbeat', lua('./heartbeat.lua'), 1);
export const publishRevocationsScript = loadScript<0 | 1>(
  'publish-revocations',
  lua('./publish-revocations.lua'),
  1,
);
export const readRevocationsScript = loadScript<string[]>(
  'read-revocations',
  lua('./read-revocations.lua'),
  1,
  'reads',
);
export const fileBudgetScript = loadScript<[isTaken: 0 | 1, ms: number]>(
  'file-budget',
  lua('./file-budget.lua'),
  1,
);
export const bulkPushScript = loadScript<0 | 1>('bulk-push', lua('./bulk-push.lua'), 1);

import { readFileSync } from 'node:fs';
import { loadScript } from '@securechat/kernel';

const lua = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');

export const leaseScript = loadScript<[granted: number, bucket: number, retryAfterMs: number]>(
  'lease',
  lua('./lease.lua'),
  1,
);
export const groupOperationScript = loadScript<number>('group-operation', lua('./group-operation.lua'), 1);
export const addressScript = loadScript<0 | 1>('address', lua('./address.lua'), 1);

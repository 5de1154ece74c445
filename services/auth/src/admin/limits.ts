import { type Announcer, announcers, type LimitInForce, readCounts, readLimits } from '@securechat/directory';
import type { RedisClient } from '@securechat/kernel';
import type { Pool } from 'pg';
import { presentSchemas } from '../erasure/erase.ts';
import { countedAs, ownLimits } from '../limits/in-force.ts';
import type { KeyLimits } from '../limits/key-limits.ts';
import { findAccount, insertAudit } from '../store/admin-store.ts';
import { isBeingErased } from '../store/erasure-store.ts';
import {
  findAccountNumber,
  mostStored,
  type StoredRow,
  setQuota,
  storedBy,
  waitingFor,
} from '../store/quota-store.ts';
import { type AdminRequest, once } from './once.ts';
import { AdminRefused } from './refused.ts';

export type NamedLimit = LimitInForce & { name: string; service: Announcer | 'auth' };
/** `used` is missing where usage is not counted as a number; `device_id` names the device it belongs to. */
export type UsedLimit = NamedLimit & { used?: number; device_id?: string; is_own?: true };
/** `silent`: services without a running process, whose limits are unknown. */
export type Told<Limit> = { limits: Limit[]; silent: Announcer[] };

/** What an operator needs when told that a user cannot do something. */
export type LimitsAdmin = {
  list(): Promise<Told<NamedLimit>>;
  /** The limits that apply to one user, with their current usage. */
  describe(userId: string): Promise<Told<UsedLimit>>;
  /** The users who store most in files. */
  listStored(limit: number): Promise<(StoredRow & { user_id: string })[]>;
  /** In bytes, instead of the default quota; undefined restores the default. */
  setQuota(request: AdminRequest, userId: string, bytes: number | undefined): Promise<void>;
};

type Config = { streamPrefix: string; streamPartitions: number } & Parameters<typeof ownLimits>[0];

export function createLimitsAdmin(parts: {
  pool: Pool;
  redis: RedisClient;
  keyLimits: Pick<KeyLimits, 'count'>;
  config: Config;
}): LimitsAdmin {
  const { pool, redis, keyLimits, config } = parts;
  const place = { prefix: config.streamPrefix, shards: config.streamPartitions };

  async function list(): Promise<Told<NamedLimit>> {
    const announced = await readLimits(redis, place.prefix);
    const limits = Object.entries({ ...announced, auth: ownLimits(config) }).flatMap(([service, ofService]) =>
      Object.entries(ofService ?? {}).map(([name, limit]) => ({
        name,
        service: service as NamedLimit['service'],
        ...limit,
      })),
    );
    return { limits, silent: announcers.filter((service) => announced[service] === undefined) };
  }

  /** Usage that is counted per user, by the name of the limit. */
  async function usedBy(account: number, stored: StoredRow): Promise<Readonly<Record<string, number>>> {
    const { messages, groupOperations, groupCommits, conversations, connections } = await readCounts(
      redis,
      place,
      account,
    );
    // a pair's usage is stored under both users
    const ofUser = Object.entries(countedAs).filter(([, limit]) => limit !== 'keysPerPair');
    const own = ofUser.map(async ([name, limit]) => [name, await keyLimits.count(limit, account)] as const);
    return {
      ...Object.fromEntries(await Promise.all(own)),
      messages,
      group_operations: groupOperations,
      group_commits: groupCommits,
      conversations,
      connections,
      storage: stored.used + stored.reserved,
      files: stored.files,
    };
  }

  return {
    list,

    async describe(userId) {
      const account = await findAccountNumber(pool, userId);
      if (account === undefined) throw new AdminRefused('no_such_account');
      const schemas = await presentSchemas(pool);
      const none: StoredRow = { used: 0, reserved: 0, files: 0, quota: null };
      const stored = schemas.includes('files') ? await storedBy(pool, account) : none;
      const waiting = schemas.includes('delivery') ? await waitingFor(pool, account) : [];
      const [{ limits, silent }, used] = await Promise.all([list(), usedBy(account, stored)]);
      const ofUser = limits
        .filter(({ per }) => per === 'user')
        .map((limit) => ({
          ...limit,
          ...(limit.name === 'storage' &&
            stored.quota !== null && { most: stored.quota, is_own: true as const }),
          ...(used[limit.name] !== undefined && { used: used[limit.name] }),
        }));
      const ofDevices = limits
        .filter(({ per }) => per === 'device')
        .flatMap((limit) =>
          waiting.map(({ device_id, messages, bytes }) => ({
            ...limit,
            device_id,
            used: limit.unit === 'bytes' ? bytes : messages,
          })),
        );
      return { limits: [...ofUser, ...ofDevices], silent };
    },

    async listStored(limit) {
      return (await presentSchemas(pool)).includes('files') ? mostStored(pool, limit) : [];
    },

    async setQuota(request, userId, bytes) {
      await once(pool, request, async (client) => {
        const account = await findAccount(client, userId);
        if (account === undefined) throw new AdminRefused('no_such_account');
        if (await isBeingErased(client, account)) throw new AdminRefused('being_erased');
        if (!(await presentSchemas(client)).includes('files')) throw new AdminRefused('no_files');
        await setQuota(client, account, bytes);
        await insertAudit(client, { action: 'set_quota', keyId: request.caller.keyId, account, bytes });
        return {};
      });
    },
  };
}

import { randomBytes } from 'node:crypto';
import type { RedisClient } from '@securechat/kernel';
import { directoryKeys } from './keys.ts';
import { publishRevocationsScript, readRevocationsScript } from './scripts.ts';

/** A device that is no longer served, or is served again (its account was disabled and re-enabled). */
export type RevocationChange = { device: number; isServed: boolean };

export type RevocationPage = {
  /** If it differs from the known one, what was read earlier is void, and this page starts with the first entry. */
  generation: string;
  changes: RevocationChange[];
  /** Where to continue reading. */
  through: string;
  isLast: boolean;
};

/** A day longer than any resume ticket lives: for gateways that cannot reach Redis meanwhile. */
export const REVOCATION_KEPT_MS = 48 * 3600 * 1000;

/** Limits what Lua must return at once. */
const MAX_PAGE = 1_000;
const CHANGES_AT_ONCE = 1_000;

/**
 * The devices that are no longer served, as published by auth to all gateways through Redis. Postgres is
 * authoritative; this is a copy that may vanish, and then must not look like an empty set. So the generation is
 * stored in the same key and vanishes with it, and it names the run of Redis: a restarted one may lack the last
 * writes, so its set counts as missing until auth has published everything.
 */
export type RevocationSet = {
  /**
   * Adds changes, idempotently and in any order. Resolves with false when the set is missing: then everything that
   * may still matter must be published, with `isEverything`.
   */
  publish(changes: readonly RevocationChange[], isEverything: boolean): Promise<boolean>;
  /** What was written after `through` of this generation; undefined while the set is missing. */
  read(known: { generation: string; through: string }): Promise<RevocationPage | undefined>;
};

export function createRevocationSet(redis: RedisClient, options: { prefix: string }): RevocationSet {
  const key = directoryKeys(options.prefix, 1).revoked;

  function write(changes: readonly RevocationChange[], nonce: string): Promise<0 | 1> {
    const numbers = changes.map(({ device, isServed }) => (isServed ? -device : device));
    const keptUs = REVOCATION_KEPT_MS * 1000;
    return publishRevocationsScript.run(redis, [key], [nonce, keptUs, JSON.stringify(numbers)]);
  }

  return {
    async publish(changes, isEverything) {
      const parts: RevocationChange[][] = [];
      for (let at = 0; at < changes.length; at += CHANGES_AT_ONCE)
        parts.push(changes.slice(at, at + CHANGES_AT_ONCE));
      const last = parts.pop() ?? [];
      for (const part of parts) await write(part, '');
      // only now is it complete
      return (await write(last, isEverything ? randomBytes(9).toString('base64url') : '')) === 1;
    },

    async read(known) {
      const reply = await readRevocationsScript.run(
        redis,
        [key],
        [known.generation, known.through, MAX_PAGE],
      );
      const [generation, ...entries] = reply;
      if (generation === undefined) return undefined;
      const changes: RevocationChange[] = [];
      for (let at = 0; at < entries.length; at += 2) {
        const number = Number(entries[at]);
        changes.push({ device: Math.abs(number), isServed: number < 0 });
      }
      const start = generation === known.generation ? known.through : '0';
      return { generation, changes, through: entries.at(-1) ?? start, isLast: changes.length < MAX_PAGE };
    },
  };
}

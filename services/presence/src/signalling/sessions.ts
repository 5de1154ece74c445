import { readFileSync } from 'node:fs';
import { loadScript, type RedisClient } from '@securechat/kernel';
import type { SignalType } from '@securechat/protocol/internal';
import type { PresenceKeys } from '../status/keys.ts';

const sessionScript = loadScript<['pass', string] | ['refuse']>(
  'session',
  readFileSync(new URL('./session.lua', import.meta.url), 'utf8'),
  1,
);

/** As long as a telephone rings. */
const OFFER_MS = 60_000;
/** Candidates and renegotiations may come as long as two ends are connected; they send something at least this often. */
const SESSION_MS = 3_600_000;

/** The other end's device; undefined while nobody has answered: then all devices of the called user. */
export type Passage = { other: number | undefined };

export type Sessions = {
  /** Undefined when it may not pass: no offer exists, another device has answered, or nobody has yet. */
  pass(signal: {
    type: SignalType;
    offerer: number;
    id: string;
    device: number;
    user: number;
    called: number;
  }): Promise<Passage | undefined>;
};

/** Who has agreed to a direct connection with whom: kept in Redis while in use, each step atomic. */
export function createSessions(parts: { redis: RedisClient; keys: PresenceKeys }): Sessions {
  const { redis, keys } = parts;
  return {
    async pass({ type, offerer, id, device, user, called }) {
      const key = keys.session(offerer, id);
      const reply = await sessionScript.run(redis, [key], [type, device, user, called, OFFER_MS, SESSION_MS]);
      if (reply[0] === 'refuse') return undefined;
      return { other: reply[1] === '' ? undefined : Number(reply[1]) };
    },
  };
}

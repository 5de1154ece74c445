import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Kind = 'steady' | 'offline' | 'idle' | 'logins';
/** `units` times as many people as `members` say, each unit with a conversation of its own where anything is written. */
export type Part = { kind: Kind; units: number; members: number; messagesPerSecond: number };
export type Thresholds = Record<string, string[]>;
export type Scenario = { by: 'k6' | 'node'; what: string; parts: Part[]; thresholds: Thresholds };

export const plan = JSON.parse(readFileSync(join(import.meta.dirname, 'scenarios.json'), 'utf8')) as Record<
  string,
  Scenario
>;

/** One device, with what it needs to log in. */
export type Identity = { user: string; device: string; publicKey: string; seed: string };
/** What a unit does: who takes part, and the frames' payloads in the order in which they are sent. */
export type Unit = {
  kind: Kind;
  url: string;
  devices: Identity[];
  sends: { by: number; id: string; json: string }[];
};
export type LoadData = { seconds: number; parts: Unit[][] };

/** In every run: whatever the times, somebody gets in, nothing gets lost, and nothing is refused. */
export const ALWAYS: Thresholds = { logins: ['count>0'], lost: ['count==0'], faults: ['count==0'] };

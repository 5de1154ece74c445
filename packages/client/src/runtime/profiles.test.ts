import { expect, test } from '@jest/globals';
import type { ClientEvents } from '../api/index.ts';
import { profileKey, type Told } from '../conversations/contents/profile.ts';
import { inGroup } from '../conversations/testing/in-group.ts';
import { Emitter } from '../events.ts';
import { fromBytes, toBytes } from '../storage/json.ts';
import { Profiles } from './profiles.ts';

const YEAR_MS = 365 * 24 * 3_600_000;

test('what is said now replaces what was said by a clock that was ahead', async () => {
  const { core } = await inGroup();
  const key = profileKey(core.own.userId);
  const ahead = Date.now() + YEAR_MS;
  await core.store.write([{ put: key, value: toBytes({ displayName: 'Alcie', at: ahead }) }]);
  const profiles = await Profiles.load(core, new Emitter<ClientEvents>());
  await profiles.set({ displayName: 'Alice' });
  const stored = await core.store.get(key);
  expect(stored && fromBytes<Told>(stored)).toEqual({ displayName: 'Alice', at: ahead + 1 });
});

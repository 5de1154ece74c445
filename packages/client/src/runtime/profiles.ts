import type { ClientEvents, Profile } from '../api/index.ts';
import { checked } from '../content/outgoing.ts';
import { loadProfile, profileKey, type Told, toldOf } from '../conversations/contents/profile.ts';
import type { Core } from '../conversations/core.ts';
import { Draft } from '../conversations/draft.ts';
import { greet } from '../conversations/outgoing/greet.ts';
import type { Emitter } from '../events.ts';

/** Users' profiles, as far as received. */
export class Profiles {
  readonly #core: Core;
  readonly #known = new Map<string, Profile>();

  private constructor(core: Core) {
    this.#core = core;
  }

  static async load(core: Core, events: Emitter<ClientEvents>): Promise<Profiles> {
    const profiles = new Profiles(core);
    for (const [key] of await core.store.list(profileKey(''))) {
      const userId = key.slice(profileKey('').length);
      const profile = await loadProfile(new Draft(core.store), userId);
      if (profile) profiles.#known.set(userId, profile);
    }
    events.on('profile', ({ userId, profile }) => void profiles.#known.set(userId, profile));
    return profiles;
  }

  of(userId: string): Profile {
    return this.#known.get(userId) ?? {};
  }

  /** Sent to all accepted conversations; others get it once they are accepted. */
  async set(profile: Profile): Promise<void> {
    const core = this.#core;
    const key = profileKey(core.own.userId);
    const draft = new Draft(core.store);
    const { at = 0 } = (await draft.json<Told>(key)) ?? {};
    // newer than what it replaces, also when a clock was ahead
    const told = { ...toldOf(profile), at: Math.max(core.now(), at + 1) };
    checked('application/x-securechat-profile', told);
    draft.putJson(key, told);
    await draft.write();
    core.tell.profile(core.own.userId, profile);
    for (const { id, purpose } of core.registry.all()) {
      if (purpose !== 'people') continue;
      await core.registry.step(id, async (step) => {
        await greet(core, step);
        await step.write();
      });
    }
  }
}

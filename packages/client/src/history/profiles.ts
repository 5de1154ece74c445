import { checked } from '../content/outgoing.ts';
import { type Fields, id, list, object } from '../content/shape.ts';
import { profileKey, profileOf, type Told } from '../conversations/contents/profile.ts';
import type { Core } from '../conversations/core.ts';
import { Draft } from '../conversations/draft.ts';
import { fromBytes } from '../storage/json.ts';
import type { HistoryProfile } from './format.ts';

/** In base64, of all avatars together: a history that is too large is not sent at all. */
const MAX_AVATARS = 2_000_000;

/** What people have said of themselves. Avatars beyond the limit are left out. */
export async function profilesOf(core: Core): Promise<HistoryProfile[]> {
  let left = MAX_AVATARS;
  return (await core.store.list(profileKey(''))).map(([key, bytes]) => {
    const { avatar = '', ...rest } = fromBytes<Told>(bytes);
    left -= avatar.length;
    const profile = avatar === '' || left < 0 ? rest : { ...rest, avatar };
    return { userId: key.slice(profileKey('').length), profile };
  });
}

/** What is known here is newer. */
export async function importProfiles(core: Core, profiles: readonly HistoryProfile[]): Promise<void> {
  const draft = new Draft(core.store);
  for (const { userId, profile } of profiles) {
    if (await draft.get(profileKey(userId))) continue;
    draft.putJson(profileKey(userId), profile);
    draft.after(() => core.tell.profile(userId, profileOf(profile)));
  }
  await draft.write();
}

/** Throws `BadContent`. Those of earlier versions have none. */
export function readProfiles(history: Fields): HistoryProfile[] {
  if (history.profiles === undefined) return [];
  return list(history, 'profiles', Number.POSITIVE_INFINITY, (value) => {
    const fields = object(value, 'profile');
    const { body } = checked('application/x-securechat-profile', object(fields.profile, 'profile') as Told);
    return { userId: id(fields, 'userId'), profile: body };
  });
}

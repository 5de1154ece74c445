import { decodeBase64, encodeBase64 } from '@securechat/protocol';
import type { Profile } from '../../api/index.ts';
import { compact } from '../../content/shape.ts';
import type { Bodies, Content } from '../../content/types.ts';
import type { Core } from '../core.ts';
import type { Draft } from '../draft.ts';
import type { Step } from '../step.ts';
import type { Arrival } from './apply.ts';

export type Told = Bodies['application/x-securechat-profile'];

export const profileKey = (userId: string): string => `profile/${userId}`;

/** A user has one profile for all conversations, which may bring what two devices say in another order each: the newest wins. */
export async function applyProfile(
  core: Core,
  step: Step,
  { from }: Pick<Arrival, 'from'>,
  { body }: Extract<Content, { type: 'application/x-securechat-profile' }>,
): Promise<void> {
  const { at = Infinity } = body;
  if (at < ((await step.draft.json<Told>(profileKey(from)))?.at ?? 0)) return;
  step.draft.putJson(profileKey(from), body);
  step.draft.after(() => core.tell.profile(from, profileOf(body)));
}

export async function loadProfile(draft: Draft, userId: string): Promise<Profile | undefined> {
  const told = await draft.json<Told>(profileKey(userId));
  return told && profileOf(told);
}

export function profileOf({ avatar, at: _, ...rest }: Told): Profile {
  return compact({ ...rest, avatar: avatar === undefined ? undefined : decodeBase64(avatar) });
}

export function toldOf({ avatar, ...rest }: Profile): Told {
  return compact({ ...rest, avatar: avatar === undefined ? undefined : encodeBase64(avatar) });
}

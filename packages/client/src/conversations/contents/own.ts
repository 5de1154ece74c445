import type { Content } from '../../content/types.ts';
import { sortable } from '../../storage/store.ts';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import type { Arrival } from './apply.ts';

type Own = Content<'application/x-securechat-own' | 'application/x-securechat-device-names'>;

/** What a device knows of the names of this account's devices. What it tells includes what it has told before, so the last one is enough. */
export const deviceNamesKey = (deviceId: string): string => `device-names/${deviceId}`;

/** What own devices have told in a conversation, until it is acted on. */
export const toldKey = (place: string): string => `told/${place}`;

/** Accepted only in the conversation that no other account is part of. */
export function applyOwn(
  core: Core,
  step: Step,
  { isOwn, deviceId, place }: Arrival,
  { type, body }: Own,
): void {
  if (step.record.purpose !== 'own' || !isOwn) return;
  if (type === 'application/x-securechat-own') {
    step.draft.putJson(toldKey(`${step.id}/${sortable(place)}`), body);
    step.draft.after(() => core.tell.own());
  } else {
    step.draft.putJson(deviceNamesKey(deviceId), body);
    step.draft.after(() => core.tell.devices());
  }
}

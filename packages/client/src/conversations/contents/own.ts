import type { Content } from '../../content/types.ts';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import type { Arrival } from './apply.ts';

type Own = Content<'application/x-securechat-own' | 'application/x-securechat-device-names'>;

/** What a device knows of the names of this account's devices. What it tells includes what it has told before, so the last one is enough. */
export const deviceNamesKey = (deviceId: string): string => `device-names/${deviceId}`;

/** Accepted only in the conversation that no other account is part of. */
export function applyOwn(core: Core, step: Step, { isOwn, deviceId }: Arrival, { type, body }: Own): void {
  if (step.record.purpose !== 'own' || !isOwn) return;
  if (type === 'application/x-securechat-own') return step.draft.after(() => core.tell.own(body));
  step.draft.putJson(deviceNamesKey(deviceId), body);
  step.draft.after(() => core.tell.devices());
}

import type { Content } from '../../content/types.ts';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import type { Arrival } from './apply.ts';

type Own = Extract<Content, { type: 'application/x-securechat-own' }>;

/** Accepted only in the conversation that no other account is part of. */
export function applyOwn(core: Core, step: Step, by: Arrival, { body }: Own): void {
  if (step.record.purpose !== 'own' || !by.isOwn) return;
  step.draft.after(() => core.tell.own(body));
}
